// What the bundle makes shorter means the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { keysModule, languageModule, tight } from "../shorter.mjs";
import { en } from "../src/texts/en.js";
import { es } from "../src/texts/es.js";

const moduleOf = (source) => import(`data:text/javascript,${encodeURIComponent(source)}`);

test("each language has its texts by the same keys", async () => {
  const keys = `data:text/javascript,${encodeURIComponent(keysModule(es))}`;
  for (const [name, texts] of Object.entries({ es, en })) {
    const found = await moduleOf(languageModule(name, texts).replace('"keys-of-texts"', JSON.stringify(keys)));
    assert.deepEqual(found[name], texts);
  }
});

test("a text of two lines is refused, as its second line would be the next key's text", () => {
  assert.throws(() => languageModule("es", { one: "a\nb" }), /The text one has a line break/);
});

test("a template loses the line breaks between its tags and places, and no other blank", () => {
  const before = "html`<p>\n  ${one}\n  <b>two words\n  more</b> ${three} four\n</p>`;\nif (a > 1)\n  b();";
  assert.equal(tight(before), "html`<p>${one}<b>two words\n  more</b> ${three} four\n</p>`;\nif (a > 1)\n  b();");
});
