"""Bootstrap intervals of the difference of two scores in AUC and KS on the same applications."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RESAMPLES = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Ranked:
    """A score in ascending order, for AUC and KS of any weights of its applications."""

    order: npt.NDArray[np.intp]
    ends: npt.NDArray[np.intp]  # of each run of equal scores
    bad: npt.NDArray[np.bool_]

    def auc_and_ks(self, weights: Floats) -> Floats:
        sorted_weights = weights[self.order]
        bad, good = (
            np.cumsum(np.where(chosen, sorted_weights, 0.0))[self.ends]
            for chosen in (self.bad, ~self.bad)
        )
        bads, goods = np.diff(bad, prepend=0.0), np.diff(good, prepend=0.0)
        below = good - goods / 2  # half of the equal ones
        auc = (bads * below).sum() / (bad[-1] * good[-1])
        return np.array([auc, np.abs(bad / bad[-1] - good / good[-1]).max()])


def ranked(scores: Floats, outcomes: npt.NDArray[np.int64]) -> Ranked:
    order = np.argsort(scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    return Ranked(order, ends, outcomes[order] == 1)


def differences(
    challenger: Floats, champion: Floats, outcomes: npt.NDArray[np.int64], seed: int
) -> dict[str, dict[str, float]]:
    """Resample challenger less champion; each resample has the same applications for both."""
    ours, theirs = (ranked(scores, outcomes) for scores in (challenger, champion))
    rows = len(outcomes)
    value = ours.auc_and_ks(np.ones(rows)) - theirs.auc_and_ks(np.ones(rows))
    generator = np.random.default_rng(seed)
    drawn: list[Floats] = []
    while len(drawn) < RESAMPLES:
        weights = np.bincount(generator.integers(rows, size=rows), minlength=rows).astype(float)
        if 0 < weights[outcomes == 1].sum() < rows:  # else it has no AUC
            drawn.append(ours.auc_and_ks(weights) - theirs.auc_and_ks(weights))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    return {
        name: {"value": float(value[n]), "low": float(low[n]), "high": float(high[n])}
        for n, name in enumerate(("auc", "ks"))
    }
