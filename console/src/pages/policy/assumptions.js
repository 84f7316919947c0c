// What the trade-off assumes of loans, as it is typed: shares of an amount. Pure.
import { typedAs, valueOf } from "../../parts/typed_values.js";

export const USUAL = { margin: 0.1, loss: 0.6 };
const NUMBER = { type: "number" };
const DIGITS = 12; // of a share: 14.1 / 100 has more

/** Return the share that a text is, which may be a percentage or begin with its decimal mark; undefined
 * for none. */
function read(text, language) {
  const [, typed, sign] = /^\s*(.*?)\s*(%?)\s*$/s.exec(text);
  const value = /^[.,]\d+$/.test(typed) ? Number(`0.${typed.slice(1)}`) : valueOf(NUMBER, typed, language);
  if (typeof value !== "number") return undefined;
  return sign ? Number((value / 100).toPrecision(DIGITS)) : value;
}

/** Return a share's text in a language: as it was typed, in whichever language, or the usual share. */
export function textOf(name, typed, language) {
  const { text, language: spoken } = typed[name] ?? { text: typedAs(USUAL[name], language), language };
  const value = read(text, spoken);
  return spoken === language || value === undefined ? text : typedAs(value, language);
}

/** Return the share that a text is, from 0 to 1; undefined for any other text. */
export function shareOf(text, language) {
  const value = read(text, language);
  return value >= 0 && value <= 1 ? value : undefined;
}
