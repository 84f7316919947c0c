// Values of typed texts, and the errors of a problem by field. Pure.
export const isNumber = (field) => field.type === "number" || field.type === "integer";

/** Return the value that a typed text stands for; undefined for none. A number that is none stays a
 * text, and the API says so beside its field. */
export function valueOf(field, text) {
  const trimmed = (text ?? "").trim();
  if (!trimmed) return undefined;
  if (!isNumber(field)) return trimmed;
  const number = Number(trimmed.replace(/\s/g, "").replace(/,(?=\d+$)/, "."));
  return Number.isFinite(number) ? number : trimmed;
}

/** Return the problem's errors by the field that their JSON Pointers name. */
export function errorsByField(problem, under) {
  const start = `#/${under}/`;
  const own = (problem?.errors ?? []).filter((one) => one.pointer?.startsWith(start));
  return Object.fromEntries(own.map((one) => [unescaped(one.pointer.slice(start.length)), one.message]));
}

export const errorOf = (problem, pointer) => problem?.errors?.find((one) => one.pointer === pointer)?.message;

const unescaped = (name) => name.replace(/~1/g, "/").replace(/~0/g, "~");
