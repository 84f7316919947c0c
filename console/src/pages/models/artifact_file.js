// An artifact before its upload: its manifest.json, read in the browser. Nothing of it is run.
const BLOCK = 512; // bytes of a tar archive's blocks
const LARGEST = 32 * 2 ** 20; // bytes that the API takes
const LARGEST_CONTENT = 128 * 2 ** 20;

/** A file that is no model.tar.gz; `key` is the text that says why. */
export class NotAnArtifact extends Error {
  constructor(key) {
    super(key);
    this.key = key;
  }
}

/** Return the archive's manifest, size and SHA-256. Throws NotAnArtifact. */
export async function artifactOf(file) {
  if (file.size > LARGEST) throw new NotAnArtifact("artifactTooLarge");
  const body = await file.arrayBuffer();
  const found = member(await unpacked(body), "manifest.json");
  const manifest = found && parsed(found);
  if (typeof manifest?.model !== "string" || typeof manifest.version !== "string") throw new NotAnArtifact("noManifest");
  return { manifest, bytes: file.size, sha256: hex(await crypto.subtle.digest("SHA-256", body)) };
}

async function unpacked(body) {
  const parts = [];
  let size = 0;
  try {
    const reader = new Blob([body]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
    for (let part = await reader.read(); !part.done && size <= LARGEST_CONTENT; part = await reader.read()) {
      parts.push(part.value);
      size += part.value.length;
    }
  } catch {
    throw new NotAnArtifact("noManifest");
  }
  if (size > LARGEST_CONTENT) throw new NotAnArtifact("artifactTooLarge");
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Return the bytes of a file in a tar archive, or null. */
export function member(archive, wanted) {
  const text = (from, length) => new TextDecoder().decode(archive.subarray(from, from + length)).split("\0")[0];
  for (let place = 0; place + BLOCK <= archive.length; ) {
    const size = Number.parseInt(text(place + 124, 12), 8) || 0;
    if (text(place, 100).replace(/^\.\//, "") === wanted) return archive.subarray(place + BLOCK, place + BLOCK + size);
    place += BLOCK * (1 + Math.ceil(size / BLOCK));
  }
  return null;
}

function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

const hex = (digest) => [...new Uint8Array(digest)].map((one) => one.toString(16).padStart(2, "0")).join("");
