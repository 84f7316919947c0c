/** Return a row for each index of a drift report, the largest first. */
export function driftRows(drift) {
  const rows = Object.entries(drift?.models ?? {}).flatMap(([model, found]) => [
    { model, feature: "score", ...found.score },
    ...Object.entries(found.features).map(([feature, part]) => ({ model, feature, ...part })),
  ]);
  return rows.sort((a, b) => (b.psi ?? -1) - (a.psi ?? -1));
}
