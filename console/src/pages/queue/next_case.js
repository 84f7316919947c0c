// The next case of the queue that a person may decide. Pure.

/** Return the place of a case in the queue, which is also the cursor to those due after it. */
export const placeOf = ({ dueAt, predictionId }) => `${dueAt}#${predictionId}`;

/** Return whether no other person has claimed a case. */
export const isFree = (one, username, now) =>
  !one.claimedBy || one.claimedBy.username === username || Date.parse(one.claimedUntil) < now;

/** Return the first free case after a place in the queue that a person may decide, round the queue once;
 * undefined if there is none. `read` reads a page after a cursor, and `mayDecide` looks a case up. */
export async function nextCase(read, mayDecide, place, free) {
  for await (const one of round(read, place)) if (free(one) && (await mayDecide(one))) return one;
  return undefined;
}

/** Yield the cases after a place, then those before it. */
async function* round(read, place) {
  yield* from(read, place);
  if (!place) return;
  for await (const one of from(read, "")) {
    if (placeOf(one) >= place) return;
    yield one;
  }
}

async function* from(read, start) {
  let cursor = start;
  do {
    const { reviews, next } = await read(cursor);
    yield* reviews;
    cursor = next;
  } while (cursor);
}
