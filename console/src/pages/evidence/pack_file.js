// A pack as a zip file: its files are bytes by name. It has no view.
import { strToU8, unzipSync, Zip, ZipPassThrough } from "fflate";

const MOMENT = "1980-01-01T00:00:00"; // the same pack is the same bytes
const MOST_BYTES = 50_000_000;

/** Return the bytes of the API's texts, by name. */
export const bytesOf = (files) => named(Object.entries(files).map(([name, text]) => [name, strToU8(text)]));

const DEFLATE = 8; // a zip file's number of this method

/** A file of a zip whose content the browser has deflated already. */
class DeflatedFile extends ZipPassThrough {
  constructor(name, deflated) {
    super(name);
    Object.assign(this, { compression: DEFLATE, mtime: MOMENT, deflated });
  }

  process(_, isLast) {
    this.ondata(null, this.deflated, isLast);
  }
}

async function deflated(body) {
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Return the zip file of a pack, as a Blob. */
export async function zipped(files) {
  const parts = [];
  const zip = new Zip((_, part) => parts.push(part));
  for (const [name, body] of Object.entries(files)) {
    const file = new DeflatedFile(name, await deflated(body));
    zip.add(file);
    file.push(body, true);
  }
  zip.end();
  return new Blob(parts);
}

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
