// The trade-off of cut-offs on decisions that were made. Pure.
const mean = (values) => (values.length ? values.reduce((sum, one) => sum + one, 0) / values.length : null);

/** Return the decisions whose score decided: a rule or a missing model decides whatever the cut-offs. */
export const scored = (decisions) =>
  decisions.filter((one) => one.decisionBasis === "SCORE" && Number.isFinite(one.score) && Number.isFinite(one.probabilityOfDefault));

/** Return {approved, reviewed, declined, badRate, profit}: shares by the cut-offs, the expected bad
 * rate of the approved, and the profit of a hundred applications in units of an average loan.
 * `margin` is what a paid loan earns, and `loss` what a defaulted one costs, as shares of it:
 * without both there is no profit. */
export function outcome(decisions, { approveFrom, declineBelow }, { margin, loss }) {
  const count = decisions.length || 1;
  const approved = decisions.filter((one) => one.score >= approveFrom);
  const declined = decisions.filter((one) => one.score < declineBelow && one.score < approveFrom);
  const earned = approved.reduce((sum, { probabilityOfDefault: p }) => sum + (1 - p) * margin - p * loss, 0);
  return {
    approved: approved.length / count,
    reviewed: (decisions.length - approved.length - declined.length) / count,
    declined: declined.length / count,
    badRate: mean(approved.map((one) => one.probabilityOfDefault)),
    profit: Number.isFinite(earned) ? (100 * earned) / count : null,
  };
}

export const STEP = 5; // points between two cut-offs of the curve

/** Return the outcome of each cut-off for approvals, from the lowest score to the highest. */
export function curve(decisions, declineBelow, assumptions) {
  if (!decisions.length) return [];
  const all = decisions.map((one) => one.score);
  const [low, high] = [Math.floor(Math.min(...all) / STEP) * STEP, Math.max(...all)];
  const places = Array.from({ length: Math.floor((high - low) / STEP) + 1 }, (_, place) => low + place * STEP);
  return places.map((approveFrom) => ({ approveFrom, ...outcome(decisions, { approveFrom, declineBelow }, assumptions) }));
}
