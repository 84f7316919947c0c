import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { artifactOf, member } from "../src/pages/models/artifact_file.js";
import { aucInterval, intervalOf, shareInterval } from "../src/pages/models/intervals.js";

const encode = (text) => new TextEncoder().encode(text);

function entry(name, content) {
  const body = encode(content);
  const block = new Uint8Array(512 * (1 + Math.ceil(body.length / 512)));
  block.set(encode(name));
  block.set(encode(body.length.toString(8).padStart(11, "0")), 124);
  block.set(body, 512);
  return block;
}

const archive = (...entries) => Buffer.concat([...entries, new Uint8Array(1024)]);
const packed = (...entries) => new Blob([gzipSync(archive(...entries))]);
const manifest = (more = {}) => entry("./manifest.json", JSON.stringify({ model: "Tradicional", version: "v1", ...more }));

test("a member is found behind others, and one that is not there is none", () => {
  const tar = archive(entry("code/a.py", "x".repeat(700)), entry("manifest.json", "{}"));
  assert.equal(new TextDecoder().decode(member(tar, "manifest.json")), "{}");
  assert.equal(member(tar, "card.html"), null);
  assert.equal(member(new Uint8Array(100), "card.html"), null);
});

test("an artifact has its manifest, its size and its SHA-256", async () => {
  const file = packed(entry("trees.txt", "tree"), manifest());
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const found = await artifactOf(file);
  assert.deepEqual(found.manifest, { model: "Tradicional", version: "v1" });
  assert.equal(found.bytes, file.size);
  assert.equal(found.sha256, Buffer.from(digest).toString("hex"));
});

for (const [name, file, key] of [
  ["a text", new Blob(["hello"]), "noManifest"],
  ["an empty file", new Blob([]), "noManifest"],
  ["half an archive", packed(manifest()).slice(0, 40), "noManifest"],
  ["an archive without a manifest", packed(entry("trees.txt", "")), "noManifest"],
  ["a manifest that is no JSON", packed(entry("manifest.json", "{")), "noManifest"],
  ["a manifest of nothing", packed(entry("manifest.json", "null")), "noManifest"],
  ["a manifest without a version", packed(manifest({ version: 5 })), "noManifest"],
  ["a file that is too large", new Blob([new Uint8Array(32 * 2 ** 20 + 1)]), "artifactTooLarge"],
  ["a bomb", new Blob([gzipSync(new Uint8Array(129 * 2 ** 20))]), "artifactTooLarge"],
]) {
  test(`${name} is no artifact`, () => assert.rejects(artifactOf(file), { key }));
}

test("the interval of an AUC is that of Hanley and McNeil", () => {
  // Their example: 58 normal and 51 abnormal images, 0.893 with a standard error of 0.032.
  const [low, high] = aucInterval(0.893, { rows: 109, bads: 51 });
  assert.ok(Math.abs((high - low) / 2 / 1.959964 - 0.032) < 0.001);
  assert.deepEqual(aucInterval(1, { rows: 109, bads: 51 }), [1, 1]);
  for (const of of [undefined, {}, { rows: 5, bads: 0 }, { rows: 5, bads: 5 }]) assert.equal(aucInterval(0.7, of), null);
});

test("the interval of a share is Wilson's", () => {
  const [low, high] = shareInterval(0.1, { rows: 100 }); // 0.0552 to 0.1744
  assert.ok(Math.abs(low - 0.0552) < 1e-4 && Math.abs(high - 0.1744) < 1e-4);
  assert.ok(shareInterval(0, { rows: 100 })[0] === 0 && shareInterval(1, { rows: 100 })[1] === 1);
  assert.equal(shareInterval(0.5, {}), null);
});

test("a metric has its interval, or none", () => {
  const holdout = { rows: 109, bads: 51 };
  const [low, high] = intervalOf("gini", 0.786, holdout);
  assert.deepEqual([low, high].map((one) => one.toFixed(6)), aucInterval(0.893, holdout).map((one) => (2 * one - 1).toFixed(6)));
  for (const other of [intervalOf("ks", 0.3, holdout), intervalOf("auc", undefined, holdout), intervalOf("auc", 0.7, null)]) assert.equal(other, null);
});
