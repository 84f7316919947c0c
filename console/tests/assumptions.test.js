// What the trade-off assumes: shares as they are typed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { shareOf, textOf } from "../src/pages/policy/assumptions.js";
import { outcome } from "../src/pages/policy/trade_off.js";

test("a share is a number from 0 to 1, by the language's marks", () => {
  assert.deepEqual(["0", "1", "0,25"].map((one) => shareOf(one, "es")), [0, 1, 0.25]);
  assert.equal(shareOf("0.25", "en"), 0.25);
  for (const one of ["", " ", "99", "1,01", "-0,1", "abc", "0x1", "1e-1"]) assert.equal(shareOf(one, "es"), undefined, one);
});

test("a share may be a percentage, and begin with its decimal mark", () => {
  for (const language of ["es", "en"]) for (const one of [".5", ",5", "50%", "50 %", " 50% "]) assert.equal(shareOf(one, language), 0.5, one);
  assert.deepEqual([shareOf("14,1 %", "es"), shareOf("14.1%", "en"), shareOf("100%", "en")], [0.141, 0.141, 1]);
  for (const one of ["%", "101%", "-1%", ".", ".5.5", "5%%", "1.5%"]) assert.equal(shareOf(one, "es"), undefined, one);
  assert.equal(textOf("margin", { margin: { text: "12,5%", language: "es" } }, "en"), "0.125");
});

test("what was typed stays, and a share is written as another language writes it", () => {
  const typed = { margin: { text: "0,25", language: "es" }, loss: { text: "99", language: "es" } };
  assert.equal(textOf("margin", typed, "es"), "0,25");
  assert.equal(textOf("margin", typed, "en"), "0.25");
  assert.equal(textOf("loss", typed, "en"), "99");
  assert.equal(textOf("margin", { margin: { text: "", language: "es" } }, "en"), "");
  assert.deepEqual([textOf("loss", {}, "es"), textOf("loss", {}, "en")], ["0,6", "0.6"]);
});

test("without a share there is no profit, and all else is as it was", () => {
  const decisions = [{ score: 600, probabilityOfDefault: 0.1 }];
  const cutOffs = { approveFrom: 580, declineBelow: 500 };
  const { profit, ...rest } = outcome(decisions, cutOffs, { margin: undefined, loss: 0.6 });
  assert.equal(profit, null);
  assert.deepEqual(rest, { approved: 1, reviewed: 0, declined: 0, badRate: 0.1 });
});
