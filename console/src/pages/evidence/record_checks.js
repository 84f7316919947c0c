// Checks of a pack's records beside the entries of its anchors. It has no view.
import { digests } from "./record_digests.js";

export const RECORDS = "records/";
export const text = new TextDecoder("utf-8", { fatal: true });

const belongs = (id, decision) => id === decision || id.slice(id.indexOf("#") + 1 || id.length).startsWith(`${decision}#`);

/** Return the records of the files, and what can't be read. */
export function recordsOf(files, names) {
  const [records, faults] = [[], []];
  for (const file of names.filter((one) => one.startsWith(RECORDS))) {
    try {
      const lines = text.decode(files[file]).split("\n").filter(Boolean);
      for (const line of lines) {
        const record = JSON.parse(line);
        if (typeof record.predictionId !== "string") throw new TypeError("no record");
        records.push({ file, record });
      }
    } catch {
      faults.push({ what: "UNREADABLE", name: file });
    }
  }
  return { records, faults };
}

/** Return the faults of records beside the entries of the anchors. */
export async function recordFaults(records, anchors, decision) {
  const { entries, faults } = entriesOf(anchors);
  const seen = new Set();
  let before = "";
  for (const { file, record } of records) {
    const name = record.predictionId;
    if (seen.has(name)) faults.push({ what: "TWICE", name });
    else if (`${file} ${name}` < before) faults.push({ what: "MISPLACED", name });
    before = `${file} ${name}`;
    seen.add(name);
    const what = await recordFault(record, file, entries, decision);
    if (what) faults.push({ what, name });
  }
  const wanted = [decision, ...[...entries.keys()].filter((name) => entries.get(name).kept && belongs(name, decision))];
  for (const name of new Set(wanted)) if (!seen.has(name)) faults.push({ what: "MISSING", name });
  return faults;
}

function entriesOf(anchors) {
  const [entries, faults] = [new Map(), []];
  for (const anchor of anchors) {
    for (const one of anchor.entries) {
      const before = entries.get(one.id);
      if (before && before.digest !== one.digest) faults.push({ what: "REWRITTEN", name: one.id });
      if (!before) entries.set(one.id, { ...one, day: one.day ?? anchor.day });
    }
  }
  return { entries, faults };
}

async function recordFault(record, file, entries, decision) {
  const name = record.predictionId;
  const entry = entries.get(name);
  if (!belongs(name, decision)) return "ADDED";
  if (!entry) return "NOT_ANCHORED";
  if (file !== `${RECORDS}${entry.day}.jsonl`) return "MISPLACED";
  const found = await digests(record);
  if (found.kept !== entry.kept || found.whole !== entry.digest) return "CHANGED";
  return record.personalDigest !== undefined && !entries.has(`erasure-of#${name}`) ? "LOOKS_ERASED" : "";
}
