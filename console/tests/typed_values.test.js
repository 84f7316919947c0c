import assert from "node:assert/strict";
import { test } from "node:test";
import { errorsByField, valueOf } from "../src/parts/typed_values.js";

const amount = { type: "number" };
const code = { type: "code" };

test("a number is read in both languages' ways, and what is none stays a text", () => {
  assert.equal(valueOf(amount, "22000"), 22000);
  assert.equal(valueOf(amount, " 0,5 "), 0.5);
  assert.equal(valueOf(amount, "0.5"), 0.5);
  assert.equal(valueOf(amount, "1 000 000"), 1000000);
  assert.equal(valueOf(amount, "many"), "many");
  assert.equal(valueOf(amount, "  "), undefined);
});

test("a code keeps its zeros", () => assert.equal(valueOf(code, "03053"), "03053"));

test("an error is found by the pointer of its field", () => {
  const problem = {
    errors: [
      { pointer: "#/application/a~1b~0", message: "wrong" },
      { pointer: "#/clientId", message: "other" },
      { message: "a header's" },
    ],
  };
  assert.deepEqual(errorsByField(problem, "application"), { "a/b~": "wrong" });
  assert.deepEqual(errorsByField(null, "application"), {});
});
