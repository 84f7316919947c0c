import assert from "node:assert/strict";
import { test } from "node:test";
import { used } from "../pico.mjs";

test("a rule stays though its :not excludes what the console has none of", () => {
  assert.equal(used("input:not([type=submit],[type=reset]):focus{a:b}"), "input:not([type=submit]):focus{a:b}");
  assert.equal(used("input:not([role=switch]):focus{a:b}"), "input:not([role=switch]):focus{a:b}");
});

test("of a choice the used selectors stay, and a choice of unused ones alone goes", () => {
  assert.equal(used(":where(audio,img,svg) i:is([type=reset],[type=file]){a:b}"), ":where(img,svg) i:is([type=file]){a:b}");
  assert.equal(used("[type=reset]:is(:hover),p :is(dialog,audio:not(:first-child)){a:b}"), "");
});

test("a list keeps its used selectors, in a query too", () => {
  assert.equal(used("@media print{a,dialog a{a:b}kbd{c:d}}"), "@media print{a{a:b}}");
});

test("a property that nothing reads goes, and what only it read", () => {
  const css = 'a{--one:url("data:;,{");--two:var(--one);--three:1px;--four:0;b:var(--three, 2px)}';
  assert.equal(used(css.replace("{\"", "\""), "c{d:var(--four)}"), "a{--three:1px;--four:0;b:var(--three, 2px)}");
});

test("the first rule is read as all others, though the character set comes before it", () => {
  assert.equal(used('@charset "UTF-8";:root{--one:1px;--two:2px}a{b:var(--one)}'), ":root{--one:1px}a{b:var(--one)}");
});

test("what the console has no elements of goes", () => {
  assert.equal(used("table.striped td,sub,hr,abbr[title],tfoot td,body>footer,address,fieldset[disabled] a,select[multiple] option{a:b}"), "");
  assert.equal(used("subject,td,summary,select:not([multiple],[size]),input:not([readonly]){a:b}"), "subject,td,summary,select:not([size]),input:not([readonly]){a:b}");
});
