import assert from "node:assert/strict";
import { test } from "node:test";
import { errorOf, errorOfParameter, errorsByField, isId, typedAs, valueOf } from "../src/parts/typed_values.js";

const amount = { type: "number" };
const code = { type: "code" };

const READ = {
  es: { "22000": 22000, "150.000": 150000, "1.500.000,25": 1500000.25, " 0,5 ": 0.5, "0,125": 0.125, "1,5": 1.5, "-2": -2, "1 000 000": 1e6, "1 500,5": 1500.5 },
  en: { "22000": 22000, "150,000": 150000, "1,500,000.25": 1500000.25, " 0.5 ": 0.5, "0.125": 0.125, "1.5": 1.5, "-2": -2, "1 000 000": 1e6, "1 500.5": 1500.5 },
};
const REFUSED = {
  es: ["1.5", "150,000", "1.50.000", "0.500", "15.0000", "1.500 000", "1,5,5", "1.500,"],
  en: ["1,5", "150.000", "1,50,000", "0,500", "15,0000", "1,500 000", "1.5.5", "1,500."],
};
const NO_NUMBER = ["many", "0x10", "1e5", "1 0", "Infinity", "NaN", "--1", "-", ".", ",", "½", "9".repeat(400)];

for (const language of ["es", "en"]) {
  test(`a number is read by the marks of ${language}, and what is unclear stays a text`, () => {
    for (const [text, value] of Object.entries(READ[language])) assert.equal(valueOf(amount, text, language), value, text);
    for (const text of [...REFUSED[language], ...NO_NUMBER]) assert.equal(valueOf(amount, text, language), text);
    assert.equal(valueOf(amount, "  ", language), undefined);
  });
}

test("no text is one number in Spanish and another in English", () => {
  const digits = ["", "0", "7", "12", "700", "7000"];
  const texts = digits.flatMap((a) => digits.flatMap((b) => digits.flatMap((c) => [".", ",", " "].flatMap((one) => [".", ",", " "].map((other) => `${a}${one}${b}${other}${c}`)))));
  const both = texts.map((text) => ["es", "en"].map((language) => valueOf(amount, text, language))).filter((pair) => pair.every((one) => typeof one === "number"));
  assert.ok(both.length > 0);
  for (const [spanish, english] of both) assert.equal(spanish, english);
});

test("a value is typed as it is read", () => {
  for (const language of ["es", "en"]) for (const value of [22000, 0.5, 1.125, 0.125, -3]) assert.equal(valueOf(amount, typedAs(value, language), language), value);
  assert.equal(typedAs("03053", "es"), "03053");
});

test("a code keeps its zeros", () => assert.equal(valueOf(code, "03053", "es"), "03053"));

test("an error is found by the pointer of its field", () => {
  const problem = {
    lang: "es",
    errors: [
      { pointer: "#/application/a~1b~0", message: "wrong" },
      { pointer: "#/clientId", message: "other" },
      { field: "to", message: "a parameter's" },
      { pointer: "#/own", key: "needed" },
    ],
  };
  assert.equal(errorsByField(problem, "application")["a/b~"].message, "wrong");
  assert.equal(errorOf(problem, "#/clientId").message, "other");
  assert.equal(errorOfParameter(problem, "to").message, "a parameter's");
  assert.deepEqual(errorsByField(null, "application"), {});
  assert.equal(errorOf(null, "#/clientId"), undefined);
  assert.equal(errorOf(problem, "#/none"), undefined);
  // What the API said stays in its language; a text of the page has none of its own.
  for (const one of [errorOf(problem, "#/clientId"), errorOfParameter(problem, "to"), errorsByField(problem, "application")["a/b~"]]) assert.equal(one.lang, "es");
  assert.equal(errorOf(problem, "#/own").lang, undefined);
});

test("an id is one by the rule of the API", () => {
  for (const one of ["a", "7", "ana-1_2.b:c", "x".repeat(64)]) assert.ok(isId(one), one);
  for (const one of ["", ".", "..", ".a", "-a", "a b", "a/b", "ñ", "a\n", "x".repeat(65)]) assert.ok(!isId(one), one);
});
