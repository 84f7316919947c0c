const NAMES = ["auc", "ks", "brier", "ece", "slope"];

/** Return a row for each figure of a challenger beside the champion's, if there is one. */
export const compared = ({ challenger, champion, ...facts }) =>
  NAMES.filter((name) => name in challenger).map((name) => {
    const apart = facts[`${name}Difference`];
    return {
      name,
      challenger: challenger[name],
      champion: champion?.[name] ?? null,
      difference: champion ? challenger[name] - champion[name] : null,
      interval: apart ? [apart.low, apart.high] : null,
    };
  });
