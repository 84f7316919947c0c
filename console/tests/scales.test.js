import assert from "node:assert/strict";
import { test } from "node:test";
import { extent, place, steps } from "../src/parts/scales.js";

test("a waterfall leads from the average to the score, with the rest as one step", () => {
  const parts = [3, -10, 1, -2].map((points, at) => ({ title: `f${at}`, points }));
  const found = steps(585, parts, 577, 2, "rest");
  assert.deepEqual(found.map((one) => [one.name, one.points]), [["f1", -10], ["f0", 3], ["rest", -1]]);
  assert.equal(found[0].from, 585);
  assert.equal(found.at(-1).to, 577);
});

test("values have a place within an axis with a margin", () => {
  assert.deepEqual(extent([100, 180]), [90, 190]);
  assert.equal(place(140, 90, 190, 600), 300);
  assert.equal(place(0, 90, 190, 600), 0);
  assert.equal(place(1000, 90, 190, 600), 600);
});
