// What the trade-off assumes of loans, as it is typed: shares of an amount. Pure.
import { typedAs, valueOf } from "../../parts/typed_values.js";

export const USUAL = { margin: 0.1, loss: 0.6 };
const NUMBER = { type: "number" };

/** Return a share's text in a language: as it was typed, in whichever language, or the usual share. */
export function textOf(name, typed, language) {
  const { text, language: spoken } = typed[name] ?? { text: typedAs(USUAL[name], language), language };
  const value = valueOf(NUMBER, text, spoken);
  return spoken === language || typeof value !== "number" ? text : typedAs(value, language);
}

/** Return the share that a text is, from 0 to 1; undefined for any other text. */
export function shareOf(text, language) {
  const value = valueOf(NUMBER, text, language);
  return typeof value === "number" && value >= 0 && value <= 1 ? value : undefined;
}
