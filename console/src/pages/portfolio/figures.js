// Figures of a list of decisions. Pure.
const BIN = 10; // points of a bar of the scores

const share = (part, whole) => (whole ? part / whole : null);
const mean = (values) => (values.length ? values.reduce((sum, one) => sum + one, 0) / values.length : null);

function grouped(decisions, keyOf) {
  const groups = new Map();
  for (const one of decisions) {
    const key = keyOf(one);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(one);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Return {days, counts, approvals}: of each day of UTC, decisions and the share that was approved. */
export function byDay(decisions) {
  const days = grouped(decisions, (one) => one.createdAt.slice(0, 10));
  const approved = (group) => group.filter((one) => one.decision === "APPROVE").length;
  return {
    days: [...days.keys()],
    counts: [...days.values()].map((group) => group.length),
    approvals: [...days.values()].map((group) => share(approved(group), group.length)),
  };
}

/** Return {bins, shares}: the distribution of scores, in tens of points without gaps. */
export function scores(decisions) {
  const known = decisions.map((one) => one.score).filter((one) => Number.isFinite(one));
  if (!known.length) return { bins: [], shares: [] };
  const counts = new Map();
  for (const one of known) counts.set(Math.floor(one / BIN), (counts.get(Math.floor(one / BIN)) ?? 0) + 1);
  const [lowest, highest] = [Math.min(...counts.keys()), Math.max(...counts.keys())];
  const places = Array.from({ length: highest - lowest + 1 }, (_, place) => lowest + place);
  return {
    bins: places.map((one) => `${one * BIN}–${one * BIN + BIN - 1}`),
    shares: places.map((place) => share(counts.get(place) ?? 0, known.length)),
  };
}

/** Return by model how often it did not answer, and why. */
export function silences(decisions) {
  const rows = new Map();
  for (const one of decisions) {
    for (const [model, said] of Object.entries(one.models ?? {})) {
      if (said.status === "SKIPPED_NO_CONSENT") continue; // it was not asked
      const row = rows.get(model) ?? { model, decisions: 0, silent: 0, causes: {} };
      row.decisions += 1;
      if (said.status !== "OK") {
        row.silent += 1;
        row.causes[said.cause] = (row.causes[said.cause] ?? 0) + 1;
      }
      rows.set(model, row);
    }
  }
  return [...rows.values()].map((row) => ({ ...row, rate: share(row.silent, row.decisions) }));
}

/** Return {approved, reviewed, declined, expected}: shares, and the mean probability of the approved. */
export function overall(decisions) {
  const of = (kind) => decisions.filter((one) => one.decision === kind);
  return {
    approved: share(of("APPROVE").length, decisions.length),
    reviewed: share(of("REVIEW").length, decisions.length),
    declined: share(of("DECLINE").length, decisions.length),
    expected: mean(of("APPROVE").map((one) => one.probabilityOfDefault).filter((one) => Number.isFinite(one))),
  };
}
