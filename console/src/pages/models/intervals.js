const Z = 1.959964; // of 95 %

/** Return the 95 % interval of an AUC by Hanley and McNeil (1982), https://doi.org/10.1148/radiology.143.1.7063747 */
export function aucInterval(auc, { rows, bads } = {}) {
  const goods = rows - bads;
  if (!Number.isFinite(auc) || !(bads > 0) || !(goods > 0)) return null;
  const bothBad = auc / (2 - auc);
  const bothGood = (2 * auc ** 2) / (1 + auc);
  const variance = (auc * (1 - auc) + (bads - 1) * (bothBad - auc ** 2) + (goods - 1) * (bothGood - auc ** 2)) / (bads * goods);
  const half = Z * Math.sqrt(Math.max(0, variance));
  return [Math.max(0, auc - half), Math.min(1, auc + half)];
}

/** Return the 95 % interval of a share of so many loans by Wilson (1927), https://doi.org/10.1080/01621459.1927.10502953 */
export function shareInterval(share, { rows } = {}) {
  if (!Number.isFinite(share) || !(rows > 0)) return null;
  const middle = share + Z ** 2 / (2 * rows);
  const half = Z * Math.sqrt((share * (1 - share)) / rows + Z ** 2 / (4 * rows ** 2));
  const whole = 1 + Z ** 2 / rows;
  return [Math.max(0, (middle - half) / whole), Math.min(1, (middle + half) / whole)];
}

const INTERVALS = {
  auc: aucInterval,
  gini: (gini, of) => aucInterval((gini + 1) / 2, of)?.map((one) => 2 * one - 1),
  bad_rate: shareInterval,
};

/** Return a metric's interval on a holdout of {rows, bads}; null for a metric that has none. */
export const intervalOf = (metric, value, holdout) => INTERVALS[metric]?.(value, holdout ?? {}) ?? null;
