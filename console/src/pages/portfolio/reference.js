// The distribution of a model's scores beside that of its holdout, as the drift report has it. Pure.

/** Return the bin of a value: the first edge at or above it. */
function bin(value, edges) {
  const at = edges.findIndex((edge) => value <= edge);
  return at < 0 ? edges.length : at;
}

/** Return {bins, expected, observed, psi, count} of a model's answers of one version, or null if its
 * artifact has no reference; `show` writes an edge. Half a decision is added to each bin on both sides, as in the report. */
export function beside(decisions, name, { version, scores }, show = String) {
  if (!scores?.edges) return null;
  const { edges, shares } = scores;
  const own = decisions.map((one) => one.models?.[name]).filter((one) => one?.status === "OK" && one.version === version);
  const counts = shares.map((_, place) => own.filter((one) => bin(one.probabilityOfDefault, edges) === place).length);
  const whole = own.length + shares.length / 2;
  const parts = shares.map((share, place) => [share * own.length + 0.5, counts[place] + 0.5]);
  return {
    bins: shares.map((_, place) => (place < edges.length ? `≤ ${show(edges[place])}` : `> ${show(edges.at(-1))}`)),
    expected: shares,
    observed: counts.map((count) => (own.length ? count / own.length : null)),
    psi: own.length ? parts.reduce((sum, [then, now]) => sum + ((now - then) / whole) * Math.log(now / then), 0) : null,
    count: own.length,
  };
}
