/** Return the ends of an axis around values, with a margin of an eighth. */
export function extent(values) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const margin = Math.max((high - low) / 8, 10);
  return [low - margin, high + margin];
}

/** Return where a value is on an axis of a width, at its ends at most. */
export const place = (value, low, high, width) =>
  Math.max(0, Math.min(width, ((value - low) / (high - low || 1)) * width));

/** Return the steps of a waterfall, the largest first: those beyond `most` are one step.
 * Each is {name, points, from, to}; the steps lead from `average` to `score`. */
export function steps(average, contributions, score, most, rest) {
  const ranked = [...contributions].sort((a, b) => Math.abs(b.points) - Math.abs(a.points));
  const shown = ranked.slice(0, most).map((one) => ({ name: one.title, points: one.points }));
  const others = ranked.slice(most).reduce((sum, one) => sum + one.points, 0);
  if (ranked.length > most) shown.push({ name: rest, points: others });
  let at = average;
  return shown.map((one) => {
    const from = at;
    at += one.points;
    return { ...one, from, to: at };
  });
}
