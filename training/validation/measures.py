"""Measurements of a model on its holdout, and histograms of its training rows."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import brier_score_loss, roc_auc_score, roc_curve

from chalicelib.models.drift import psi
from training.fitting import calibration
from training.validation import bootstrap

Floats = npt.NDArray[np.float64]

DECIMALS = 6
DECILES = np.linspace(0.1, 0.9, 9)
VALUES = 20


def metrics(outcomes: pd.Series, probabilities: Floats) -> dict[str, float]:
    found = exact_metrics(outcomes, probabilities)
    return {name: round(value, DECIMALS) for name, value in found.items()}


def intervals(outcomes: pd.Series, probabilities: Floats, seed: int) -> dict[str, list[float]]:
    """Return the 95 % intervals of those metrics that have one."""
    found = bootstrap.intervals(probabilities, outcomes.to_numpy(), seed)
    return {name: [round(end, DECIMALS) for end in ends] for name, ends in found.items()}


def exact_metrics(outcomes: pd.Series, probabilities: npt.NDArray[np.float64]) -> dict[str, float]:
    false_positives, true_positives, _ = roc_curve(outcomes, probabilities)
    slope, _ = calibration.regression(calibration.logit(probabilities), outcomes)
    measured = {
        "auc": roc_auc_score(outcomes, probabilities),
        "ks": np.max(true_positives - false_positives),
        "gini": 2 * roc_auc_score(outcomes, probabilities) - 1,
        "brier": brier_score_loss(outcomes, probabilities),
        "bad_rate": outcomes.mean(),
        "mean_probability": probabilities.mean(),
        "ece": expected_calibration_error(outcomes, probabilities),
        "slope": slope,
    }
    return {name: float(value) for name, value in measured.items()}


def expected_calibration_error(
    outcomes: pd.Series, probabilities: npt.NDArray[np.float64]
) -> float:
    """Return the mean gap of probability and bad rate, over tenths of the applications."""
    tenths = tenth_of(probabilities)
    table = pd.DataFrame({"gap": outcomes.to_numpy() - probabilities}).groupby(tenths)["gap"]
    return float((table.mean().abs() * table.size()).sum() / len(probabilities))


def tenth_of(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the tenth of each value, 0 the lowest, 9 the highest; equal values share a tenth."""
    edges = np.unique(np.quantile(values, DECILES))
    return np.searchsorted(edges, values)


def histogram(column: pd.Series) -> dict[str, Any]:
    """Return shares of all rows: between the deciles, or of the commonest values."""
    missing = _share(column.isna().mean())
    present = column.dropna()
    if column.dtype == object:
        shares = (present.value_counts() / len(column)).sort_index(kind="stable")
        shares = shares.sort_values(ascending=False, kind="stable").head(VALUES)
        return {
            "values": shares.index.tolist(),
            "shares": [_share(share) for share in shares],
            "missing": missing,
        }
    edges = np.unique(np.quantile(present, DECILES)) if len(present) else np.array([])
    counts = np.bincount(np.searchsorted(edges, present), minlength=len(edges) + 1)
    return {
        "edges": [float(edge) for edge in edges],
        "shares": [_share(count / len(column)) for count in counts],
        "missing": missing,
    }


def shift(reference: dict[str, Any], column: pd.Series) -> float:
    """Return the stability index of a column against a histogram, as the drift report has it."""
    then = np.array([*reference["shares"], reference["missing"]])
    then = np.insert(then, -1, max(0.0, 1 - then.sum()))
    return psi(then.tolist(), _counts(reference, column).tolist())


def stability(then: Floats | pd.Series, now: Floats | pd.Series) -> float:
    """Return the population stability index, over the tenths or the values of `then`."""
    then, now = pd.Series(then), pd.Series(now)
    if then.dtype == object:
        kinds = pd.Index(then.value_counts().index[:VALUES])
        places = [kinds.get_indexer(pd.Index(column, dtype=object)) for column in (then, now)]
        bins = len(kinds)
    else:
        present = then.dropna()
        edges: Floats = np.unique(np.quantile(present, DECILES)) if len(present) else np.array([])
        places = [np.searchsorted(edges, column) for column in (then, now)]
        bins = len(edges) + 1
    missing = [column.isna().to_numpy() for column in (then, now)]
    was, found = [
        np.bincount(np.where(gone, bins + 1, np.where(place < 0, bins, place)), minlength=bins + 2)
        for place, gone in zip(places, missing, strict=True)
    ]
    return psi((was / was.sum()).tolist(), found.tolist())


def _counts(reference: dict[str, Any], column: pd.Series) -> npt.NDArray[np.int64]:
    """Count each bin or value, then all other values, of which a number has none, then the missing
    ones.
    """
    missing, present = column.isna().sum(), column.dropna()
    bins = len(reference["shares"]) + 1
    if "values" in reference:
        places = pd.Index(reference["values"], dtype=object).get_indexer(present.astype(object))
        counted = np.bincount(np.where(places < 0, bins - 1, places), minlength=bins)
    else:
        counted = np.bincount(np.searchsorted(reference["edges"], present), minlength=bins)
    return np.append(counted, missing)


def _share(value: float) -> float:
    return round(float(value), DECIMALS)
