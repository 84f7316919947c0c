// The language of the console: Spanish, unless the person chose English.
import { signal } from "@preact/signals";
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

/** Return the text of a key in the chosen language or in another, with its places filled. */
export const t = (key, values, of = language.value) => filled(TEXTS[of][key] ?? key, values);

/** Return the text of a code of the API, or the code itself. */
export const coded = (group, code, of = language.value) => TEXTS[of][`${group}.${code}`] ?? code;

function formatsOf(of) {
  const number = (options) => new Intl.NumberFormat(of, options);
  return {
    plain: number({ maximumFractionDigits: 2 }),
    percent: number({ style: "percent", maximumFractionDigits: 1 }),
    signed: number({ signDisplay: "exceptZero", maximumFractionDigits: 1 }),
    time: new Intl.DateTimeFormat(of, { dateStyle: "medium", timeStyle: "short" }),
    day: new Intl.DateTimeFormat(of, { dateStyle: "medium", timeZone: "UTC" }),
  };
}

const FORMATS = { es: formatsOf("es"), en: formatsOf("en") };

const or = (kind) => (value, of = language.value) => (value === null || value === undefined ? "–" : FORMATS[of][kind].format(value));

export const plain = or("plain");
export const percent = or("percent");
export const signed = or("signed");

/** Return a number with so many decimals, as the language writes it; `style` may be "percent". */
export const exact = (value, digits, style = "decimal") =>
  Number.isFinite(value) ? value.toLocaleString(language.value, { style, minimumFractionDigits: digits, maximumFractionDigits: digits }) : "–";

// A text that is no time, which an artifact may bring, stays as it is.
const at = (kind) => (text, of = language.value) => {
  const found = new Date(text);
  return !text || Number.isNaN(found.getTime()) ? text || "–" : FORMATS[of][kind].format(found);
};

export const time = at("time");
export const day = at("day");
