// Vintages: what is known of the approved by month of decision. Pure.
const Z = 1.959964; // of 95 %

const share = (part, whole) => (whole ? part / whole : null);
const mean = (values) => (values.length ? values.reduce((sum, one) => sum + one, 0) / values.length : null);

/** Return the interval of 95 % of a rate, by Wilson: https://doi.org/10.1080/01621459.1927.10502953 */
export function interval(bads, count) {
  if (!count) return { low: null, high: null };
  const [rate, square] = [bads / count, Z * Z];
  const middle = rate + square / (2 * count);
  const half = Z * Math.sqrt((rate * (1 - rate)) / count + square / (4 * count * count));
  const scale = 1 + square / count;
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale) };
}

/** Return the vintages from one month to another; an empty one is no bound. */
export const between = (vintages, from, to) =>
  (vintages?.months ?? []).filter((one) => (!from || one.month >= from) && (!to || one.month <= to));

/** Return {ages, lines}: by month of decision, the share of the approved that had defaulted by each
 * month of life; null where not all of the vintage's loans are so old. */
export function curves(months) {
  const known = months.filter((one) => one.approved && one.approvedDefaults?.length);
  const longest = Math.max(0, ...known.map((one) => one.approvedDefaults.length));
  const ages = Array.from({ length: longest }, (_, place) => place + 1);
  const rate = (one) => (_, place) => (place < one.approvedDefaults.length ? one.approvedDefaults[place] / one.approved : null);
  return { ages, lines: known.map((one) => ({ name: one.month, values: ages.map(rate(one)) })) };
}

/** Return by month what was expected of the approved whose label has matured, and what came. Older
 * snapshots do not have what was expected: then it is that of the period's `decisions`. */
export function approvedByMonth(decisions, months) {
  const approved = decisions.filter((one) => one.decision === "APPROVE" && Number.isFinite(one.probabilityOfDefault));
  const known = new Map(months.map((one) => [one.month, one.byDecision.APPROVE]));
  const names = new Set([...approved.map((one) => one.createdAt.slice(0, 7)), ...known.keys()]);
  return [...names].sort().map((month) => {
    const { matured = 0, bads = 0, expected } = known.get(month) ?? {};
    const now = mean(approved.filter((one) => one.createdAt.startsWith(month)).map((one) => one.probabilityOfDefault));
    return { month, matured, bads, expected: expected ?? now, observed: share(bads, matured), ...interval(bads, matured) };
  });
}

/** Return one row for all months whose loans have matured; null if there are none. */
export function together(rows) {
  const known = rows.filter((one) => one.matured && Number.isFinite(one.expected));
  const sum = (of) => known.reduce((total, one) => total + of(one), 0);
  const [matured, bads] = [sum((one) => one.matured), sum((one) => one.bads)];
  if (!matured) return null;
  return { matured, bads, expected: sum((one) => one.expected * one.matured) / matured, observed: bads / matured, ...interval(bads, matured) };
}

/** Return whether what was expected is below, within or above what the interval allows. */
export function place({ expected, low, high }) {
  if (low === null || !Number.isFinite(expected)) return null;
  return expected < low ? "BELOW" : expected > high ? "ABOVE" : "WITHIN";
}
