// The rules of the layout: short modules, and a text for each key in both languages.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { en } from "../src/texts/en.js";
import { es } from "../src/texts/es.js";

const LONGEST = 150; // lines of a module
const MOST = 12; // things in a folder
const source = join(import.meta.dirname, "..", "src");
const folders = [source, ...readdirSync(source, { recursive: true, withFileTypes: true }).filter((one) => one.isDirectory()).map((one) => join(one.parentPath, one.name))];
const files = folders.flatMap((folder) => readdirSync(folder).filter((one) => one.endsWith(".js")).map((one) => join(folder, one)));
const text = Object.fromEntries(files.map((file) => [file, readFileSync(file, "utf8")]));

test("a module is read in one go", () => {
  const long = files.filter((file) => !file.includes("/texts/") && text[file].split("\n").length > LONGEST);
  assert.deepEqual(long, []);
});

test("both languages have the same keys, and the same places in each text", () => {
  assert.deepEqual(Object.keys(es), Object.keys(en));
  const places = (one) => [...one.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const key of Object.keys(es)) assert.deepEqual(places(es[key]), places(en[key]), key);
});

test("each text that a page names is there", () => {
  const named = files.flatMap((file) => [...text[file].matchAll(/\bt\("([^"]+)"/g)].map((found) => found[1]));
  assert.deepEqual(named.filter((key) => !(key in es)), []);
});

test("no page makes markup of a text", () => {
  const markup = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML|\beval\(|new Function/;
  assert.deepEqual(files.filter((file) => markup.test(text[file])), []);
});

test("a folder is seen at a glance", () => {
  const full = folders.filter((folder) => readdirSync(folder).length > MOST);
  assert.deepEqual(full, []);
});
