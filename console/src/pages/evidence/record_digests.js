// Digests of records, by the rules of record_digest.py: RFC 8785's JSON, SHA-256, and two parts.
import kept from "./kept.json" with { type: "json" };

const STORAGE = ["day", "expiresAt", "evidenceSalt"]; // no part of the record
const ERASED = "personalDigest";
const [ALL, EACH] = ["all", "*"];
const utf8 = new TextEncoder();

/** Return a value's JSON by RFC 8785: sorted names, and numbers as this language writes them. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

/** Return the SHA-256 of bytes or of a text, in hexadecimal digits. */
export async function sha256(body) {
  const bytes = typeof body === "string" ? utf8.encode(body) : body;
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** Return the digests of a record: of its kept part, and of all. */
export async function digests(record) {
  const stated = Object.fromEntries(Object.entries(record).filter(([name]) => ![...STORAGE, ERASED].includes(name)));
  const [own, personal] = split(stated, kept);
  const salted = joined(bytesOf(record.evidenceSalt ?? ""), utf8.encode(canonical(personal)));
  const parts = { kept: await sha256(canonical(own)), personal: record[ERASED] ?? (await sha256(salted)) };
  return { kept: parts.kept, whole: await sha256(canonical(parts)) };
}

const wantedOf = (names, name) => (Object.hasOwn(names, name) ? names[name] : names[EACH]);

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

function split(record, names) {
  const [own, personal] = [Object.create(null), Object.create(null)]; // a field may be called __proto__
  for (const [name, value] of Object.entries(record)) {
    const wanted = wantedOf(names, name);
    if (wanted === ALL) own[name] = value;
    else if (wanted === undefined || !isObject(value)) personal[name] = value;
    else {
      const [mine, rest] = split(value, wanted);
      own[name] = mine;
      if (Object.keys(rest).length) personal[name] = rest;
    }
  }
  return [own, personal];
}

const hex = (bytes) => [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");

const bytesOf = (digits) => new Uint8Array((digits.match(/../g) ?? []).map((one) => parseInt(one, 16)));

function joined(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
