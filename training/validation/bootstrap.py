"""Bootstrap intervals of a model's metrics, and of the difference of two scores in AUC and KS.

Applications are resampled, Efron 1979: https://doi.org/10.1214/aos/1176344552
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RESAMPLES = 1000
LEVEL = 0.95
NORMAL = NormalDist()


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


def intervals(
    probabilities: Floats, outcomes: npt.NDArray[np.int64], seed: int
) -> dict[str, list[float]]:
    """Return the lower and the upper end of each metric that is a rank's or a mean's.

    The percentiles are corrected for bias, as resampling alone makes a KS larger: Efron 1981,
    https://doi.org/10.2307/3314608. Slope and calibration error have no interval.
    """
    ours = ranked(probabilities, outcomes)
    averaged = np.stack([(outcomes - probabilities) ** 2, outcomes, probabilities])

    def measured(weights: Floats) -> Floats:
        auc, ks = ours.auc_and_ks(weights)
        means = (weights * averaged).mean(axis=1)  # @ would start BLAS's threads
        return np.array([auc, ks, 2 * auc - 1, *means])

    drawn = np.array([measured(weights) for weights in _resamples(outcomes, seed)])
    values = measured(np.ones(len(outcomes)))
    names = ("auc", "ks", "gini", "brier", "bad_rate", "mean_probability")
    return {name: _corrected(drawn[:, n], float(values[n])) for n, name in enumerate(names)}


def _corrected(drawn: Floats, value: float) -> list[float]:
    """Return the ends of the interval of a value, from what was drawn."""
    below = float(((drawn < value) + 0.5 * (drawn == value)).mean())
    bias = NORMAL.inv_cdf(min(max(below, 1 / len(drawn)), 1 - 1 / len(drawn)))
    tail = NORMAL.inv_cdf((1 - LEVEL) / 2)
    return [float(np.quantile(drawn, NORMAL.cdf(2 * bias + end))) for end in (tail, -tail)]


def differences(
    challenger: Floats, champion: Floats, outcomes: npt.NDArray[np.int64], seed: int
) -> dict[str, dict[str, float]]:
    """Resample challenger less champion; each resample has the same applications for both."""
    ours, theirs = (ranked(scores, outcomes) for scores in (challenger, champion))
    whole = np.ones(len(outcomes))
    value = ours.auc_and_ks(whole) - theirs.auc_and_ks(whole)
    low, high = _ends(
        [ours.auc_and_ks(one) - theirs.auc_and_ks(one) for one in _resamples(outcomes, seed)]
    )
    return {
        name: {"value": float(value[n]), "low": float(low[n]), "high": float(high[n])}
        for n, name in enumerate(("auc", "ks"))
    }


def _resamples(outcomes: npt.NDArray[np.int64], seed: int) -> Iterator[Floats]:
    """Yield how often each application was drawn; a draw with one class alone has no AUC."""
    generator, rows, yielded = np.random.default_rng(seed), len(outcomes), 0
    while yielded < RESAMPLES:
        weights = np.bincount(generator.integers(rows, size=rows), minlength=rows).astype(float)
        if 0 < weights[outcomes == 1].sum() < rows:
            yielded += 1
            yield weights


def _ends(drawn: list[Floats]) -> Floats:
    tail = (1 - LEVEL) / 2
    ends: Floats = np.quantile(drawn, [tail, 1 - tail], axis=0)
    return ends
