// Shorter sources of the same meaning, for the bundle alone: esbuild leaves the texts of templates as
// they are, and two languages would carry each key twice.

/** Return a template without the line breaks between its tags and places, which htm leaves out as it
 * reads them. Elsewhere in the sources no line ends so with one that begins so. */
export const tight = (source) => source.replace(/([>}])\s*\n\s*(?=<|\$\{)/g, "$1");

const BREAK = "\n";

/** Return the module of the keys of all texts, with `ofKeys(values)`, the texts by key. */
export const keysModule = (texts) =>
  `const keys = ${JSON.stringify(Object.keys(texts).join(BREAK))}.split("\\n");
   export const ofKeys = (values) => Object.fromEntries(values.split("\\n").map((one, place) => [keys[place], one]));`;

/** Return the module of a language, whose texts are in the order of the keys. */
export function languageModule(name, texts) {
  const broken = Object.keys(texts).find((key) => texts[key].includes(BREAK));
  if (broken) throw new Error(`The text ${broken} has a line break.`);
  return `import { ofKeys } from "keys-of-texts"; export const ${name} = ofKeys(${JSON.stringify(Object.values(texts).join(BREAK))});`;
}
