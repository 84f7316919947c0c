import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { artifactOf, member } from "../src/pages/models/artifact_file.js";

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
