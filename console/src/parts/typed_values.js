// Values of typed texts, and the errors of a problem by field. Pure.
export const isNumber = (field) => field.type === "number" || field.type === "integer";

// The marks of thousands and of decimals.
const MARKS = { es: [".", ","], en: [",", "."] };
const grouped = (mark) => `[1-9]\\d{0,2}(?:${mark}\\d{3})+`;

/** Return the number that a text is in a language; undefined for a text that is none, and for one that
 * is another number in the other language: "1,500". */
function numberOf(text, language) {
  const [group, decimal] = MARKS[language].map((one) => `\\${one}`);
  const whole = `\\d+|${grouped(group)}|${grouped("\\s")}`;
  const isRead = new RegExp(`^-?(?:${whole})(?:${decimal}\\d+)?$`).test(text);
  if (!isRead || new RegExp(`^-?${grouped(decimal)}$`).test(text)) return undefined;
  const number = Number(text.replace(new RegExp(`${group}|\\s`, "g"), "").replace(",", "."));
  return Number.isFinite(number) ? number : undefined;
}

/** Return the value that a typed text stands for; undefined for none. A number that can't be read stays
 * a text. */
export function valueOf(field, text, language) {
  const trimmed = (text ?? "").trim();
  if (!trimmed) return undefined;
  return isNumber(field) ? numberOf(trimmed, language) ?? trimmed : trimmed;
}

/** Return a value as a person types it. */
export function typedAs(value, language) {
  if (typeof value !== "number") return String(value);
  const text = String(value).replace(".", MARKS[language][1]);
  return numberOf(text, language) === undefined ? `${text}0` : text; // 1.125 in English is 1.1250
}

// An error is in its problem's language, unless it names a text of the page.
const said = (problem, one) => one && (one.key ? one : { ...one, lang: problem.lang });
const found = (problem, is) => said(problem, problem?.errors?.find(is));

/** Return the problem's errors by the field that their JSON Pointers name. */
export function errorsByField(problem, under) {
  const start = `#/${under}/`;
  const own = (problem?.errors ?? []).filter((one) => one.pointer?.startsWith(start));
  return Object.fromEntries(own.map((one) => [unescaped(one.pointer.slice(start.length)), said(problem, one)]));
}

export const errorOf = (problem, pointer) => found(problem, (one) => one.pointer === pointer);

/** Return the error of a parameter, which has no pointer. */
export const errorOfParameter = (problem, name) => found(problem, (one) => one.field === name);

const ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

/** Return whether a text is an id by the API's rule. "." and ".." are none: in a path they are other places. */
export const isId = (text) => ID.test(text);

const unescaped = (name) => name.replace(/~1/g, "/").replace(/~0/g, "~");
