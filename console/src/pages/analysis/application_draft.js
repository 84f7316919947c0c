// An application as it is typed: texts by field, the consents that are given, and a request's key.
import { isNumber, typedAs, valueOf } from "../../parts/typed_values.js";

/** Return an empty application, in which every consent is given. */
export const blank = (product, language) => ({
  language,
  clientId: "",
  consents: [...product.consents],
  texts: {},
  key: crypto.randomUUID(),
});

/** Return an example of the product as it would be typed. */
export const filledIn = (product, example, language) => ({
  language,
  clientId: example.clientId,
  consents: [...example.consents],
  texts: Object.fromEntries(Object.entries(example.application).map(([name, value]) => [name, typedAs(value, language)])),
  key: crypto.randomUUID(),
});

/** Return what was typed in one language as it is typed in another; a text that is no number stays. */
export function respoken(product, typed, language) {
  const written = (field) => {
    const value = valueOf(field, typed.texts[field.name], typed.language ?? language);
    return typeof value === "number" ? [[field.name, typedAs(value, language)]] : [];
  };
  const numbers = Object.fromEntries(product.fields.filter(isNumber).flatMap(written));
  return { ...typed, language, texts: { ...typed.texts, ...numbers } };
}

/** Return the fields that are asked for: those that need no consent that is not given. */
export const askedFor = (product, typed) =>
  product.fields.filter((field) => field.consents.every((one) => typed.consents.includes(one)));

/** Return the fields of numbers whose texts can't be read as one. */
export const misread = (product, typed, language) =>
  askedFor(product, typed).filter((field) => isNumber(field) && typeof valueOf(field, typed.texts[field.name], language) === "string");

/** Return the body of POST /predict. */
export function body(product, typed, language) {
  const values = askedFor(product, typed).map((field) => [field.name, valueOf(field, typed.texts[field.name], language)]);
  const application = Object.fromEntries(values.filter(([, value]) => value !== undefined));
  const sent = { clientId: typed.clientId.trim(), application };
  return product.consents.length ? { ...sent, consents: typed.consents } : sent;
}
