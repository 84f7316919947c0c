import assert from "node:assert/strict";
import { test } from "node:test";
import { strToU8, zipSync } from "fflate";
import { beside } from "../src/pages/evidence/pack_checks.js";
import { unzipped, zipped } from "../src/pages/evidence/pack_file.js";

/** Return a zip file in which a file has another name, of the same length. */
function renamed(files, from, to) {
  const zip = Buffer.from(zipSync(files));
  for (let at = zip.indexOf(from); at >= 0; at = zip.indexOf(from, at + 1)) zip.write(to, at);
  return new Uint8Array(zip);
}

test("a zip file with two files of one name is refused, and so is a name that the library loses", () => {
  const files = { "a.txt": strToU8("one"), "b.txt": strToU8("two") };
  assert.deepEqual(Object.keys(unzipped(zipSync(files))), ["a.txt", "b.txt"]);
  assert.throws(() => unzipped(renamed(files, "b.txt", "a.txt")));
  assert.throws(() => unzipped(renamed({ __prota__: strToU8("x") }, "__prota__", "__proto__")));
});

test("a pack's program is held against the bank's own", () => {
  const [own, forged] = ["true", "false"].map((text) => ({ "verify.py": strToU8(text) }));
  assert.deepEqual(beside(own, own).faults, []);
  assert.deepEqual(beside(forged, own).faults, [{ what: "DIFFERENT", name: "verify.py" }]);
  assert.deepEqual(beside({}, own).faults, [{ what: "MISSING", name: "verify.py" }]);
});

test("a pack that is zipped is deflated, the same bytes each time, and read again", async () => {
  const files = { "verify.py": strToU8("print('verified')\n".repeat(500)), "records/ñ.json": strToU8("{}"), empty: strToU8("") };
  const [one, other] = await Promise.all([zipped(files), zipped(files)].map(async (zip) => new Uint8Array(await (await zip).arrayBuffer())));
  assert.deepEqual(one, other);
  assert.ok(one.length < 1000);
  assert.deepEqual({ ...unzipped(one) }, files);
});
