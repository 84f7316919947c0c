const DAY_MS = 86_400_000;

/** Return the last days of UTC, both included. */
export function lastDays(count, now) {
  const day = (ago) => new Date(now.getTime() - ago * DAY_MS).toISOString().slice(0, 10);
  return { from: day(count - 1), to: day(0) };
}
