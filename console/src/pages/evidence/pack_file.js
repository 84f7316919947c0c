// A pack as a zip file: its files are bytes by name. It has no view.
import { strToU8, unzipSync, zipSync } from "fflate";

const MOMENT = "1980-01-01T00:00:00"; // the same pack is the same bytes
const MOST_BYTES = 50_000_000;

/** Return the bytes of the API's texts, by name. */
export const bytesOf = (files) => named(Object.entries(files).map(([name, text]) => [name, strToU8(text)]));

/** Return the zip file of a pack. */
export const zipped = (files) =>
  zipSync(named(Object.entries(files).map(([name, body]) => [name, [body, { mtime: MOMENT }]])));

/** Return the files of a zip file. Raises an Error if it is none, if two have one name, and if it is too
 * large to check here. */
export function unzipped(zip) {
  const names = new Set(["__proto__"]); // which is no name of a file to the library that unzips
  let size = 0;
  const fits = ({ name, originalSize }) => {
    if (names.has(name)) throw new Error("two files of one name");
    names.add(name);
    size += originalSize;
    if (size > MOST_BYTES) throw new Error("too large");
    return true;
  };
  const found = Object.entries(unzipSync(zip, { filter: fits }));
  return named(found.filter(([name]) => !name.endsWith("/"))); // an entry of a folder
}

/** Return an object that has these names alone, whatever they are. */
function named(entries) {
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}
