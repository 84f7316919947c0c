// Checks of the pack of one decision, by the rules of archive_verifier.py. It has no view.
import { canonical, sha256 } from "./record_digests.js";
import { recordFaults, RECORDS, recordsOf, text } from "./record_checks.js";

const [MANIFEST, ANCHORS] = ["manifest.json", "anchors/"];
const NO_PART = ["objects/", "cards/"];
const DAY_MS = 86_400_000;

/** Return {decision, later, anchors, records, checks} of a pack's files, bytes by name. A check is
 * {check, faults}, a fault {what, name}: none, and the pack is whole. */
export async function checked(files) {
  const names = Object.keys(files).sort();
  const { manifest, faults: ofManifest } = await manifestOf(files, names);
  const { anchors, faults: ofAnchors } = await anchorsOf(files, names);
  const decision = typeof manifest.decision === "string" ? manifest.decision : "";
  const { records, faults: unread } = recordsOf(files, names);
  const ofRecords = decision ? await recordFaults(records, anchors, decision) : [];
  const ofParts = names.filter((name) => NO_PART.some((one) => name.startsWith(one)));
  return {
    decision,
    anchors: anchors.map(({ day, head }) => ({ day, head })),
    records: records.map(({ file, record }) => ({ id: record.predictionId, file, record })),
    later: Array.isArray(manifest.later) ? manifest.later.map(String) : [],
    checks: [
      { check: "MANIFEST", faults: [...ofManifest, ...ofParts.map((name) => ({ what: "ADDED", name }))] },
      { check: "ANCHORS", faults: [...ofAnchors, ...headFault(manifest.head, anchors)] },
      { check: "CHAIN", faults: breaks(anchors) },
      { check: "RECORDS", faults: [...unread, ...ofRecords] },
    ],
  };
}

/** Return the check of a pack beside the one that the bank makes of the same decision now. A program is
 * the bank's own, or its word is worth nothing. */
export function beside(files, fresh) {
  const wanted = Object.keys(fresh).filter((name) => name.startsWith(ANCHORS) || name.startsWith(RECORDS) || name.endsWith(".py"));
  const differs = (name) => files[name] && !same(files[name], fresh[name]);
  return {
    check: "BANK",
    faults: wanted.flatMap((name) => (!files[name] ? [{ what: "MISSING", name }] : differs(name) ? [{ what: "DIFFERENT", name }] : [])),
  };
}

const same = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);

async function manifestOf(files, names) {
  try {
    const source = text.decode(files[MANIFEST]);
    const { digest, ...stated } = JSON.parse(source);
    const isWhole = canonical({ ...stated, digest }) === source && digest === (await sha256(canonical(stated)));
    const listed = stated.files;
    const faults = isWhole ? [] : [{ what: "CHANGED", name: MANIFEST }];
    for (const name of Object.keys(listed)) if (!files[name]) faults.push({ what: "MISSING", name });
    for (const name of names) {
      if (name === MANIFEST) continue;
      if (!Object.hasOwn(listed, name)) faults.push({ what: "ADDED", name });
      else if ((await sha256(files[name])) !== listed[name]) faults.push({ what: "CHANGED", name });
    }
    return { manifest: stated, faults };
  } catch {
    return { manifest: {}, faults: [{ what: "UNREADABLE", name: MANIFEST }] };
  }
}

async function anchorsOf(files, names) {
  const [anchors, faults] = [[], []];
  for (const name of names.filter((one) => one.startsWith(ANCHORS))) {
    try {
      const source = text.decode(files[name]);
      const anchor = JSON.parse(source);
      const isWhole = `${canonical(anchor)}\n` === source && anchor.format === 1 && anchor.head === (await headOf(anchor));
      if (!isWhole || name !== `${ANCHORS}${anchor.day}.json`) faults.push({ what: "CHANGED", name });
      else anchors.push(anchor);
    } catch {
      faults.push({ what: "UNREADABLE", name });
    }
  }
  return { anchors, faults };
}

async function headOf({ day, previous, entries }) {
  let head = await sha256(canonical([1, previous, day]));
  for (const entry of entries) head = await sha256(canonical([head, entry]));
  return head;
}

const headFault = (head, anchors) => (anchors.some((one) => one.head === head) ? [] : [{ what: "NO_HEAD", name: String(head) }]);

function breaks(anchors) {
  const faults = [];
  anchors.slice(1).forEach((after, place) => {
    const before = anchors[place];
    const follows = Date.parse(after.day) - Date.parse(before.day) === DAY_MS;
    if (follows && after.previous !== before.head) faults.push({ what: "NOT_CHAINED", name: after.day });
  });
  return faults;
}
