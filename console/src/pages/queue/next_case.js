/** Return the cases after another that no other person has claimed, the soonest due first; those before
 * it come last. */
export function casesAfter(cases, after, username, now) {
  const free = (one) => !one.claimedBy || one.claimedBy.username === username || Date.parse(one.claimedUntil) < now;
  const at = cases.findIndex((one) => one.predictionId === after);
  const later = [...cases.slice(at + 1), ...cases.slice(0, Math.max(at, 0))];
  return later.filter((one) => one.predictionId !== after && free(one));
}

/** Return the first case that a person may decide, or undefined: `read` reads a page of the queue after a
 * cursor, and `caseOf` the open case of a decision as this person may decide it, if there is one. */
export async function nextCase(read, caseOf, after, username, now) {
  let cursor = "";
  do {
    const { reviews, next } = await read(cursor);
    for (const one of casesAfter(reviews, after, username, now)) {
      const held = await caseOf(one);
      if (held && !held.barred) return one;
    }
    cursor = next;
  } while (cursor);
  return undefined;
}
