"""Moves a model's logits to what really happened after its training (Platt 1999)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression

Floats = npt.NDArray[np.float64]

FREE = 1e10  # C of a regression that is, for all that counts, not regularised


@dataclass(frozen=True)
class Calibration:
    """`slope` is above 0: ranks, reasons and monotonicity stay as they are."""

    slope: float
    intercept: float

    def __call__(self, logits: Floats) -> Floats:
        return self.slope * logits + self.intercept


def fit(logits: Floats, outcomes: pd.Series) -> Calibration:
    slope, intercept = regression(logits, outcomes)
    if slope > 0:
        return Calibration(slope, intercept)
    # It ranks the wrong way round since its training. Turning it would make its reasons lies.
    return Calibration(1.0, _level(logits, outcomes))


def regression(logits: Floats, outcomes: pd.Series) -> tuple[float, float]:
    """Regress the outcomes on the logits. Return slope and intercept: 1 and 0 if calibrated."""
    fitted = LogisticRegression(C=FREE, max_iter=1000).fit(logits.reshape(-1, 1), outcomes)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def _level(logits: Floats, outcomes: pd.Series) -> float:
    """Return the shift of the logits that makes their mean probability equal the bad rate."""
    low, high = -50.0, 50.0
    for _ in range(100):
        middle = (low + high) / 2
        too_low = probability(logits + middle).mean() < outcomes.mean()
        low, high = (middle, high) if too_low else (low, middle)
    return middle


def probability(logits: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-logits))
    return result


def logit(probabilities: Floats) -> Floats:
    result: Floats = np.log(probabilities / (1 - probabilities))
    return result
