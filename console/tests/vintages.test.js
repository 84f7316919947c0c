import assert from "node:assert/strict";
import { test } from "node:test";
import { apart, leaderPath } from "../src/parts/plots/plot_paths.js";
import { approvedByMonth, between, curves, interval, place, together } from "../src/pages/portfolio/vintages.js";

const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-6, `${one} is not ${other}`);
const vintage = (month, approved, approvedDefaults, APPROVE = undefined) => ({ month, approved, approvedDefaults, byDecision: APPROVE ? { APPROVE } : {} });

test("a rate's interval is Wilson's", () => {
  const found = interval(10, 100); // scipy.stats.binomtest(10, 100).proportion_ci(method="wilson")
  near(found.low, 0.05522914);
  near(found.high, 0.17436566);
  assert.deepEqual(interval(0, 0), { low: null, high: null });
  assert.equal(interval(0, 20).low, 0);
  assert.equal(interval(20, 20).high, 1);
});

test("a curve ends at the age that all loans of its month have reached", () => {
  const found = curves([vintage("2026-01", 10, [0, 1, 2]), vintage("2026-02", 4, [1]), vintage("2026-03", 9, []), { month: "2025-12", approved: 3 }]);
  assert.deepEqual(found.ages, [1, 2, 3]);
  assert.deepEqual(found.lines, [{ name: "2026-01", values: [0, 0.1, 0.2] }, { name: "2026-02", values: [0.25, null, null] }]);
  assert.deepEqual(curves([]), { ages: [], lines: [] });
});

test("a month has what was expected of its matured loans, and what came of them", () => {
  const months = [vintage("2026-01", 50, [], { matured: 20, bads: 2, expected: 0.04 }), vintage("2026-02", 9, [])];
  const decided = [{ createdAt: "2026-02-03T10:00:00Z", decision: "APPROVE", probabilityOfDefault: 0.06 }, { createdAt: "2026-02-03T10:00:00Z", decision: "DECLINE", probabilityOfDefault: 0.6 }];
  const rows = approvedByMonth(decided, months);
  assert.deepEqual(rows.map((one) => [one.month, one.matured, one.bads, one.expected, one.observed]), [["2026-01", 20, 2, 0.04, 0.1], ["2026-02", 0, 0, 0.06, null]]);
  assert.deepEqual(rows.map(place), ["WITHIN", null]);
  assert.deepEqual([together(rows).matured, together(rows).expected, together([rows[1]])], [20, 0.04, null]);
});

test("what was expected is below, within or above the interval", () => {
  assert.deepEqual([0.01, 0.02, 0.05, 0.08, 0.09].map((expected) => place({ expected, low: 0.02, high: 0.08 })), ["BELOW", "WITHIN", "WITHIN", "WITHIN", "ABOVE"]);
});

test("names of lines stay in the order of their ends, and apart", () => {
  assert.deepEqual(apart([50, 10, 52], 13, 176), [50, 10, 63]);
  assert.deepEqual(apart([170, 171, 172], 13, 176), [150, 163, 176]);
  assert.deepEqual(apart([], 13, 176), []);
});

test("no leader from a line's end to its name crosses another", () => {
  const ends = Array.from({ length: 20 }, (_, at) => ({ x: 500 - 20 * at, y: 90 + ((at * 37) % 61) }));
  const places = apart(ends.map((one) => one.y), 13, 296);
  const lines = ends.map((end, at) => leaderPath(end, 516, places[at]).match(/-?[\d.]+/g).map(Number));
  const parts = lines.map(([x, y, right, end, place]) => [[[x, y], [right, y]], [[right, y], [end, place]]]);
  const side = ([[ax, ay], [bx, by]], [x, y]) => Math.sign((bx - ax) * (y - ay) - (by - ay) * (x - ax));
  const cross = (one, other) => side(one, other[0]) * side(one, other[1]) < 0 && side(other, one[0]) * side(other, one[1]) < 0;
  const crossing = parts.flatMap((one, at) => parts.slice(at + 1).filter((other) => one.some((a) => other.some((b) => cross(a, b)))));
  assert.equal(lines.length, 20);
  assert.deepEqual(crossing, []);
});

test("vintages are chosen by month", () => {
  const months = ["2025-12", "2026-01", "2026-02"].map((month) => ({ month }));
  assert.deepEqual(between({ months }, "2026-01", "").map((one) => one.month), ["2026-01", "2026-02"]);
  assert.deepEqual(between({ months }, "", "2025-12").map((one) => one.month), ["2025-12"]);
  assert.deepEqual(between(null, "", ""), []);
});
