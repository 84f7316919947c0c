import assert from "node:assert/strict";
import { test } from "node:test";
import { inPlainWords } from "../src/requests/plain_words.js";

const titles = { clientId: "Client", amount: "Amount ($&)" };
const titleOf = (name) => titles[name] ?? name;

test("a summary names fields by their titles", () => {
  const errors = [{ field: "clientId" }, { field: "application.amount" }];
  const detail = "2 field(s) must be corrected: clientId, application.amount.";
  assert.equal(inPlainWords({ detail, errors }, titleOf), "2 field(s) must be corrected: Client, Amount ($&).");
});

test("a time is as people read it, and other texts stay", () => {
  const detail = "Another person has the case until 2026-11-30T01:02:03.456Z.";
  assert.equal(inPlainWords({ detail }, titleOf, (found) => `<${found}>`), "Another person has the case until <2026-11-30T01:02:03.456Z>.");
  assert.equal(inPlainWords({ detail: "No: it failed.", errors: [] }, titleOf), "No: it failed.");
});
