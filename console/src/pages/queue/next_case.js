/** Return the soonest due case after another that no other person has claimed; undefined for none. */
export function nextCase(cases, after, username, now) {
  const free = (one) => !one.claimedBy || one.claimedBy.username === username || Date.parse(one.claimedUntil) < now;
  const at = cases.findIndex((one) => one.predictionId === after);
  const later = [...cases.slice(at + 1), ...cases.slice(0, Math.max(at, 0))];
  return later.find((one) => one.predictionId !== after && free(one));
}
