/** Return the events of a stored decision: {kind, at, predictionId} and what belongs to the kind. */
export function eventsOf(stored) {
  const { predictionId } = stored;
  const events = [{ kind: "decision", at: stored.createdAt, decision: stored.decision, score: stored.score, by: stored.requestedBy?.username }];
  for (const one of stored.reviews) {
    events.push({ kind: "review", at: one.at, decision: one.verdict, by: one.by?.username, text: one.text });
  }
  for (const one of stored.outcomes) events.push({ kind: "outcome", at: one.toldAt, outcome: one.outcome });
  if (stored.contest) {
    events.push({ kind: "contest", at: stored.contest.at, by: stored.contest.by?.username, text: stored.contest.text });
  }
  return events.map((one) => ({ ...one, predictionId }));
}
