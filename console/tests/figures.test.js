import assert from "node:assert/strict";
import { test } from "node:test";
import { byDay, overall, scores, silences } from "../src/pages/portfolio/figures.js";
import { driftRows } from "../src/pages/portfolio/drift_rows.js";
import { lastDays } from "../src/requests/days.js";
import { curve, outcome, scored } from "../src/pages/policy/trade_off.js";
import { digits, dotPath, linePath, named, ticks } from "../src/parts/plots/plot_paths.js";
import { beside } from "../src/pages/portfolio/reference.js";
import { compared } from "../src/pages/models/compared.js";
import { formOf } from "../src/pages/batches/file_form.js";

const one = (createdAt, decision, score, probabilityOfDefault, more = {}) => ({
  createdAt, decision, score, probabilityOfDefault, decisionBasis: "SCORE", ...more,
});
const decisions = [
  one("2026-11-02T10:00:00Z", "APPROVE", 580, 0.04),
  one("2026-11-01T10:00:00Z", "APPROVE", 571, 0.06, { models: { A: { status: "OK" }, B: { status: "UNAVAILABLE", cause: "TIMEOUT" }, C: { status: "SKIPPED_NO_CONSENT", cause: "NO_CONSENT" } } }),
  one("2026-11-01T09:00:00Z", "DECLINE", 530, 0.2, { models: { A: { status: "OK" }, B: { status: "OK" } } }),
  one("2026-11-01T08:00:00Z", "REVIEW", null, null, { decisionBasis: "TOO_FEW_MODELS" }),
];

test("days are in their order, with the share that was approved", () => {
  assert.deepEqual(byDay(decisions), { days: ["2026-11-01", "2026-11-02"], counts: [3, 1], approvals: [1 / 3, 1] });
  assert.deepEqual(byDay([]), { days: [], counts: [], approvals: [] });
});

test("scores fall into tens of points, and an empty ten is there", () => {
  const found = scores(decisions);
  assert.deepEqual(found.bins, ["530–539", "540–549", "550–559", "560–569", "570–579", "580–589"]);
  assert.deepEqual(found.shares, [1 / 3, 0, 0, 0, 1 / 3, 1 / 3]);
});

test("a silent model is counted with its causes", () => {
  assert.deepEqual(silences(decisions), [
    { model: "A", decisions: 2, silent: 0, causes: {}, rate: 0 },
    { model: "B", decisions: 2, silent: 1, causes: { TIMEOUT: 1 }, rate: 0.5 },
  ]);
});

test("the expected bad rate is the mean probability of the approved", () => {
  const found = overall(decisions);
  assert.deepEqual([found.approved, found.reviewed, found.declined], [0.5, 0.25, 0.25]);
  assert.ok(Math.abs(found.expected - 0.05) < 1e-12);
  assert.equal(overall([]).expected, null);
});

test("the largest drift comes first", () => {
  const drift = { models: { A: { score: { status: "STABLE", psi: 0.01 }, features: { x: { status: "TOO_FEW" }, y: { status: "DRIFTED", psi: 0.3 } } } } };
  assert.deepEqual(driftRows(drift).map((row) => row.feature), ["y", "score", "x"]);
  assert.deepEqual(driftRows(null), []);
});

test("cut-offs divide the decisions that the score made", () => {
  const of = scored(decisions);
  assert.equal(of.length, 3);
  const found = outcome(of, { approveFrom: 575, declineBelow: 540 }, { margin: 0.1, loss: 0.6 });
  assert.deepEqual([found.approved, found.reviewed, found.declined, found.badRate], [1 / 3, 1 / 3, 1 / 3, 0.04]);
  assert.ok(Math.abs(found.profit - (100 * (0.96 * 0.1 - 0.04 * 0.6)) / 3) < 1e-9);
});

test("a higher cut-off never approves more, and the curve spans the scores", () => {
  const points = curve(scored(decisions), 540, { margin: 0.1, loss: 0.6 });
  assert.equal(points[0].approveFrom, 530);
  assert.equal(points[0].approved, 1);
  points.slice(1).forEach((point, place) => assert.ok(point.approved <= points[place].approved));
  points.slice(1).forEach((point, place) => assert.ok(point.reviewed >= points[place].reviewed));
  assert.deepEqual(curve([], 540, {}), []);
});

test("marks of an axis are round and hold all values", () => {
  assert.deepEqual(ticks(0, 1), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(ticks(0, 7), [0, 2, 4, 6, 8]);
  assert.deepEqual(ticks(0, 0), [0, 1]);
  assert.ok(ticks(-3, 5)[0] <= -3);
});

test("marks are written with the decimals that they need", () => {
  assert.deepEqual([[0, 0.25, 0.5], [0, 0.5, 1], [0, 20, 40], [-0.125, 0]].map(digits), [2, 1, 0, 3]);
  assert.equal(digits(ticks(0, 0.01).map((one) => one * 100)), 2); // 0.25 % is no 0.3 %
});

test("as many lines are named as there is room for, with the first, the last and the chosen", () => {
  assert.deepEqual(named(4, 15, -1), [0, 1, 2, 3]);
  for (const count of [16, 29, 30, 31, 120]) {
    const found = named(count, 15, 7);
    assert.ok(found.length <= 15, `${count}: ${found}`);
    for (const place of [0, 7, count - 1]) assert.ok(found.includes(place));
  }
});

test("a value that is not known leaves a gap in a line", () => {
  const drawn = [[1, 2, null, 3], (place) => place, (value) => value];
  assert.equal(linePath(...drawn), "M0.0 1.0L1.0 2.0M3.0 3.0");
  assert.equal(dotPath(...drawn), "M3.0 3.0h0.1");
});

test("a period ends today", () => {
  assert.deepEqual(lastDays(30, new Date("2026-11-29T23:00:00Z")), { from: "2026-10-31", to: "2026-11-29" });
});

test("a file's form is its ending", () => {
  assert.deepEqual(["a.CSV", "b.jsonl", "c.parquet", "d"].map(formOf), ["csv", "jsonl", "parquet", "csv"]);
});

test("a challenger stands beside the champion, with the interval of what is compared", () => {
  const facts = { challenger: { auc: 0.7, ks: 0.3 }, champion: { auc: 0.6, ks: 0.4 }, aucDifference: { low: 0.05, high: 0.15 } };
  const [auc, ks] = compared(facts);
  assert.ok(Math.abs(auc.difference - 0.1) < 1e-12);
  assert.deepEqual([auc.interval, ks.interval], [[0.05, 0.15], null]);
  assert.equal(compared({ ...facts, champion: null })[0].difference, null);
});

test("a model's answers fall into the bins of its holdout, as the drift report counts them", () => {
  const said = (p, version = "1") => ({ models: { A: { status: "OK", version, probabilityOfDefault: p } } });
  const scores = { edges: [0.1], shares: [0.5, 0.5], missing: 0 };
  const even = beside([said(0.05), said(0.1), said(0.2), said(0.3), said(0.9, "2")], "A", { version: "1", scores });
  assert.deepEqual([even.count, even.observed, even.psi], [4, [0.5, 0.5], 0]);
  const uneven = beside(Array.from({ length: 100 }, (_, at) => said(at < 80 ? 0.05 : 0.2)), "A", { version: "1", scores });
  assert.equal(uneven.psi.toFixed(2), "0.41"); // as psi() of chalicelib/models/drift.py
  assert.equal(beside([], "A", { version: "1", scores }).psi, null);
  assert.equal(beside([], "A", {}), null);
});
