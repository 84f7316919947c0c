// The language of the console: Spanish, unless the person chose English.
import { computed, signal } from "@preact/signals";
import { es } from "../texts/es.js";
import { en } from "../texts/en.js";
import { filled } from "./filled.js";

const KEPT = "language";
const TEXTS = { es, en };

export const language = signal(localStorage.getItem(KEPT) === "en" ? "en" : "es");

export function speak(chosen) {
  localStorage.setItem(KEPT, chosen);
  language.value = chosen;
}

/** Return the text of a key in the chosen language, with its places filled. */
export const t = (key, values) => filled(TEXTS[language.value][key] ?? key, values);

/** Return the text of a code of the API, or the code itself. */
export const coded = (group, code) => TEXTS[language.value][`${group}.${code}`] ?? code;

const formats = computed(() => {
  const of = language.value;
  const number = (options) => new Intl.NumberFormat(of, options);
  return {
    plain: number({ maximumFractionDigits: 2 }),
    percent: number({ style: "percent", maximumFractionDigits: 1 }),
    signed: number({ signDisplay: "exceptZero", maximumFractionDigits: 1 }),
    time: new Intl.DateTimeFormat(of, { dateStyle: "medium", timeStyle: "short" }),
    day: new Intl.DateTimeFormat(of, { dateStyle: "medium", timeZone: "UTC" }),
  };
});

const or = (kind) => (value) => (value === null || value === undefined ? "–" : formats.value[kind].format(value));

export const plain = or("plain");
export const percent = or("percent");
export const signed = or("signed");
// A text that is no time, which an artifact may bring, stays as it is.
const at = (kind) => (text) => {
  const found = new Date(text);
  return !text || Number.isNaN(found.getTime()) ? text || "–" : formats.value[kind].format(found);
};

export const time = at("time");
export const day = at("day");
