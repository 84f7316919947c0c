import assert from "node:assert/strict";
import { test } from "node:test";
import { askedFor, blank, body, filledIn, misread, respoken } from "../src/pages/analysis/application_draft.js";
import { isOfNow } from "../src/pages/decision/changes/is_of_now.js";
import { differences } from "../src/pages/policy/differences.js";
import { changed, range } from "../src/pages/decision/changes/slider_range.js";
import { cursorsOf, queueLink, queuePath } from "../src/pages/queue/queue_pages.js";
import { isFree, nextCase, placeOf } from "../src/pages/queue/next_case.js";
import { eventsOf } from "../src/pages/clients/client_events.js";
import { link, parsed } from "../src/frame/routes.js";
import { csv } from "../src/parts/csv.js";
import { filled } from "../src/frame/filled.js";

const product = {
  consents: ["network"],
  fields: [
    { name: "amount", type: "number", consents: [] },
    { name: "earlier", type: "integer", consents: ["network"] },
  ],
};

test("a field that needs a consent is asked for and sent only with it", () => {
  const example = { clientId: "ana", consents: ["network"], application: { amount: 5, earlier: 0 } };
  const typed = filledIn(product, example, "es");
  assert.deepEqual(body(product, typed, "es"), { clientId: "ana", consents: ["network"], application: { amount: 5, earlier: 0 } });
  const without = { ...typed, consents: [] };
  assert.deepEqual(askedFor(product, without).map((one) => one.name), ["amount"]);
  assert.deepEqual(body(product, without, "es").application, { amount: 5 });
  assert.deepEqual(blank(product).consents, ["network"]);
});

test("a number that can't be read is named, and one that is not asked for is not", () => {
  const typed = { ...blank(product), texts: { amount: "1.5", earlier: "0x10" } };
  assert.deepEqual(misread(product, typed, "es").map((one) => one.name), ["amount", "earlier"]);
  assert.deepEqual(misread(product, { ...typed, consents: [] }, "en"), []);
});

test("what was typed in one language is typed in the other, and stays the same application", () => {
  const example = { clientId: "ana", consents: ["network"], application: { amount: 1234.5, earlier: 2 } };
  const typed = filledIn(product, example, "es");
  const english = respoken(product, typed, "en");
  assert.deepEqual(body(product, english, "en"), body(product, typed, "es"));
  assert.deepEqual(respoken(product, english, "es"), typed);
  const wrong = { ...typed, texts: { amount: "a lot" } };
  assert.equal(respoken(product, wrong, "en").texts.amount, "a lot");
});

test("a decision is of now while its models and its policy answer", () => {
  const decided = { policyVersion: "p1", models: { A: { version: "1" }, B: { version: "2" } } };
  assert.ok(isOfNow(decided, { policyVersion: "p1", models: { A: "1", B: "2" } }));
  assert.ok(!isOfNow(decided, { policyVersion: "p1", models: { A: "1", B: "3" } }));
  assert.ok(!isOfNow(decided, { policyVersion: "p2", models: { A: "1", B: "2" } }));
});

test("a draft's changes are named by their place in the policy", () => {
  const before = { decision: { approve_from: 561, weights: { A: 1 } }, rules: [1] };
  const after = { decision: { approve_from: 566, weights: { A: 1 } }, rules: [1, 2], offer: null };
  assert.deepEqual(differences(before, after), [
    { name: "decision.approve_from", before: 561, after: 566 },
    { name: "rules", before: [1], after: [1, 2] },
    { name: "offer", before: undefined, after: null },
  ]);
});

test("a slider has the side that an applicant can change", () => {
  const amount = { type: "number", minimum: 100, maximum: 5e6, actionable: { direction: "decrease" } };
  assert.deepEqual(range(amount, 22000), { minimum: 200, maximum: 22000, step: 200 });
  assert.deepEqual(range(amount, 22050), { minimum: 250, maximum: 22050, step: 200 }); // the stored value is a step
  const count = { type: "integer", minimum: 0, maximum: 10000, actionable: {} };
  assert.deepEqual(range(count, 2), { minimum: 0, maximum: 4, step: 1 });
});

test("a case is free unless another person has it now", () => {
  const now = Date.parse("2026-11-29T12:00:00Z");
  const held = (claimedUntil) => ({ claimedBy: { username: "eva" }, claimedUntil });
  assert.ok(!isFree(held("2026-11-29T13:00:00Z"), "ana", now));
  assert.ok(isFree(held("2026-11-29T13:00:00Z"), "eva", now));
  assert.ok(isFree(held("2026-11-29T11:00:00Z"), "ana", now));
  assert.ok(isFree({}, "ana", now));
});

test("a decision's history has each event with its kind", () => {
  const stored = {
    predictionId: "1", createdAt: "a", decision: "REVIEW", score: 550, contest: { at: "d", text: "no" },
    reviews: [{ at: "b", verdict: "APPROVE", by: { username: "eva" }, text: "yes" }],
    outcomes: [{ toldAt: "c", outcome: "paid" }],
  };
  assert.deepEqual(eventsOf(stored).map((one) => [one.kind, one.at]), [["decision", "a"], ["review", "b"], ["outcome", "c"], ["contest", "d"]]);
});

test("an address names a page, and names come back from it", () => {
  assert.equal(link("client", "a/b c"), "#/client/a%2Fb%20c");
  assert.deepEqual(parsed("#/client/a%2Fb%20c?tab=1"), { page: "client", names: ["a/b c"], query: { tab: "1" } });
  assert.deepEqual(parsed("#/client/%E0%A4%A"), { page: "client", names: ["%E0%A4%A"], query: {} });
});

test("no cell of a CSV is run by a spreadsheet", () => {
  const columns = [{ name: "a", value: (one) => one }];
  assert.equal(csv(columns, ["=1+1", 'say "x", y', -5, null]), 'a\r\n\'=1+1\r\n"say ""x"", y"\r\n-5\r\n');
});

test("a text's places are filled, and a place that is not given stays", () => {
  assert.equal(filled("{a} of {b}", { a: 1 }), "1 of {b}");
});

test("a value that is the stored one again is no change", () => {
  const once = changed({}, "amount", 5, { amount: 9 });
  assert.deepEqual(once, { amount: 5 });
  assert.deepEqual(changed(once, "amount", 9, { amount: 9 }), {});
  assert.deepEqual(changed(once, "revolving", "yes", { amount: 9 }), { amount: 5, revolving: "yes" });
});

test("the next case is the first after the place that one came from, round the queue once", async () => {
  const cases = ["1", "2", "3", "4"].map((predictionId) => ({ predictionId, dueAt: `2026-12-0${predictionId}T10:00:00.000Z` }));
  const read = async (cursor) => {
    const page = cases.filter((one) => placeOf(one) > cursor).slice(0, 2);
    return { reviews: page, next: page.length === 2 ? placeOf(page[1]) : null };
  };
  const looked = [];
  const found = async (place, mine, free = () => true) => {
    looked.length = 0;
    const one = await nextCase(read, async ({ predictionId }) => looked.push(predictionId) && mine.includes(predictionId), place, free);
    return one?.predictionId;
  };
  assert.equal(await found("", ["2", "4"]), "2");
  assert.equal(await found(placeOf(cases[1]), ["1", "3", "4"]), "3");
  assert.equal(await found("2026-12-02T11:00:00.000Z#9", ["1", "3"]), "3"); // it is decided, and in no list
  assert.equal(await found(placeOf(cases[2]), ["1", "2", "3"]), "1");
  assert.equal(await found(placeOf(cases[1]), []), undefined);
  assert.deepEqual(looked, ["3", "4", "1"]);
  assert.equal(await found("", ["1"], ({ predictionId }) => predictionId !== "1"), undefined);
  assert.deepEqual(looked, ["2", "3", "4"]);
});

test("the pages of the queue before this one are in its address", () => {
  const cursors = ["2026-11-30T10:00:00.000Z#01", "2026-12-01T10:00:00.000Z#02"];
  const query = Object.fromEntries(new URLSearchParams(queueLink(cursors).split("?")[1]));
  assert.deepEqual(cursorsOf(query), cursors);
  assert.deepEqual([cursorsOf({}), queueLink([])], [[], "#/queue"]);
  assert.equal(queuePath(cursors[0]), "/reviews?state=open&limit=50&cursor=2026-11-30T10%3A00%3A00.000Z%2301");
});
