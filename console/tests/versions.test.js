import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, isOwn, offered } from "../src/pages/models/versions/versions.js";

test("a rollback goes to no version that never came into service", () => {
  const events = [
    { kind: "FAILED", version: "4" },
    { kind: "IN_SERVICE", version: "3" },
    { kind: "FAILED", version: "2" },
    { kind: "IN_SERVICE", version: "2" },
  ];
  assert.deepEqual(offered({ versions: ["1", "2", "3", "4"], inService: "3", events }), ["2", "1"]);
});

test("a version that waits has no part in its endpoint's failure", () => {
  assert.deepEqual(["WAITING", "VERIFIED", "REFUSED", "SUPERSEDED"].filter(isOwn), []);
  assert.deepEqual(["DEPLOYING", "IN_SERVICE", "FAILED"].map(isOwn), [true, true, true]);
});

test("a traceback is told by its last line", () => {
  const whole = 'Traceback:\n  File "/work/serve.py", line 3\nValueError: no trees';
  assert.deepEqual(failureOf(`${whole}\n`), ["ValueError: no trees", whole]);
  assert.deepEqual(failureOf("No capacity"), ["No capacity", null]);
});
