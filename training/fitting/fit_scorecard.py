"""Fits a scorecard: bins by decision tree, smoothed weights of evidence, logistic regression.

Siddiqi, Intelligent Credit Scoring (2017), chapters 9-10. Here the weight of evidence of a bin is
its log odds of default over the portfolio's, so every coefficient must be positive.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.isotonic import isotonic_regression
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from training.training_profile import Feature

Floats = npt.NDArray[np.float64]

SIGNIFICANT_DIGITS = 4  # of a split
DECIMALS = 12  # of a contribution


class NothingLearnt(Exception):
    pass


@dataclass(frozen=True)
class Parameters:
    max_bins: int = 8
    smallest_bin: float = 0.02  # share of the rows
    smallest_category: float = 0.002  # share of the rows; rarer ones are pooled into "other"
    smoothing: float = 100.0  # pseudo-applications with the portfolio's default rate
    C: float = 1.0


class Bins(Protocol):
    @property
    def woe(self) -> Floats: ...  # the last one is the missing bin's

    def index(self, column: pd.Series) -> npt.NDArray[np.int64]: ...

    def document(self, logits: Floats) -> dict[str, Any]: ...


@dataclass(frozen=True)
class NumberBins:
    splits: list[float]
    woe: Floats

    def index(self, column: pd.Series) -> npt.NDArray[np.int64]:
        return _bin(self.splits, column)

    def document(self, logits: Floats) -> dict[str, Any]:
        *contributions, missing = logits.tolist()
        return {"splits": self.splits, "contributions": contributions, "missing": missing}


@dataclass(frozen=True)
class CategoryBins:
    categories: list[str]
    woe: Floats  # of the categories, of any other, of missing

    def index(self, column: pd.Series) -> npt.NDArray[np.int64]:
        return _code(self.categories, column)

    def document(self, logits: Floats) -> dict[str, Any]:
        *contributions, other, missing = logits.tolist()
        known = dict(zip(self.categories, contributions, strict=True))
        return {"categories": known, "other": other, "missing": missing}


@dataclass(frozen=True)
class FittedScorecard:
    bins: dict[str, Bins]
    regression: LogisticRegression
    means: Floats  # of the weights of evidence, over the training rows

    def probabilities(self, rows: pd.DataFrame) -> Floats:
        result: Floats = self.regression.predict_proba(_evidence(self.bins, rows))[:, 1]
        return result

    def document(self) -> dict[str, Any]:
        coefficients = self.regression.coef_[0]
        baseline = self.regression.intercept_[0] + self.means @ coefficients
        return {
            "baseline": round(float(baseline), DECIMALS),
            "features": {
                name: bins.document((coefficient * (bins.woe - mean)).round(DECIMALS))
                for (name, bins), coefficient, mean in zip(
                    self.bins.items(), coefficients, self.means, strict=True
                )
            },
        }


def fit(
    rows: pd.DataFrame,
    outcomes: pd.Series,
    features: tuple[Feature, ...],
    parameters: Parameters,
    weights: Floats | None = None,
) -> FittedScorecard:
    """Fit a scorecard. `weights` weight the regression's rows; bins count each row once."""
    bad = outcomes.to_numpy()
    bins: dict[str, Bins] = {f.name: _bins(rows[f.name], bad, f, parameters) for f in features}
    while bins:
        evidence = _evidence(bins, rows)
        regression = LogisticRegression(C=parameters.C, max_iter=1000)
        regression.fit(evidence, bad, sample_weight=weights)
        # A coefficient on the wrong side would reward what the bin's own default rate punishes.
        wrong = [n for n, c in zip(bins, regression.coef_[0], strict=True) if c <= 0]
        if not wrong:
            return FittedScorecard(bins, regression, evidence.mean(axis=0))
        bins = {name: kept for name, kept in bins.items() if name not in wrong}
    raise NothingLearnt("no feature tells good from bad: give the model others, or more rows")


def _evidence(bins: dict[str, Bins], rows: pd.DataFrame) -> Floats:
    return np.column_stack([b.woe[b.index(rows[name])] for name, b in bins.items()])


def _bins(
    column: pd.Series, bad: npt.NDArray[np.int64], feature: Feature, parameters: Parameters
) -> Bins:
    if feature.is_text:
        shares = column.value_counts() / len(column)
        categories = sorted(shares.index[shares >= parameters.smallest_category])
        woe, _ = _woe(_code(categories, column), bad, len(categories) + 2, parameters.smoothing)
        return CategoryBins(categories, woe)
    splits = _splits(column, bad, feature.monotone, parameters)
    woe, sizes = _woe(_bin(splits, column), bad, len(splits) + 2, parameters.smoothing)
    if feature.monotone:  # smoothing pulls small bins harder, which can turn two neighbours round
        woe[:-1] = isotonic_regression(
            woe[:-1], sample_weight=sizes[:-1] + 1, increasing=feature.monotone > 0
        )
    return NumberBins(splits, woe)


def _splits(
    column: pd.Series, bad: npt.NDArray[np.int64], monotone: int, parameters: Parameters
) -> list[float]:
    known = column.notna().to_numpy()
    if known.sum() < 2:
        return []
    tree = DecisionTreeClassifier(
        max_leaf_nodes=parameters.max_bins,
        min_samples_leaf=parameters.smallest_bin,
        monotonic_cst=[monotone],
        random_state=0,
    ).fit(column[known].to_numpy().reshape(-1, 1), bad[known])
    thresholds = tree.tree_.threshold[tree.tree_.feature >= 0]
    return sorted({float(f"{t:.{SIGNIFICANT_DIGITS}g}") for t in thresholds})


def _bin(splits: list[float], column: pd.Series) -> npt.NDArray[np.int64]:
    index = np.searchsorted(splits, column.to_numpy(), side="left")
    return np.where(column.isna(), len(splits) + 1, index)


def _code(categories: list[str], column: pd.Series) -> npt.NDArray[np.int64]:
    index = pd.Index(categories, dtype=object).get_indexer(pd.Index(column, dtype=object))
    index = np.where(index < 0, len(categories), index)
    return np.where(column.isna(), len(categories) + 1, index)


def _woe(
    index: npt.NDArray[np.int64], bad: npt.NDArray[np.int64], bins: int, smoothing: float
) -> tuple[Floats, Floats]:
    sizes = np.bincount(index, minlength=bins).astype(float)
    bads = np.bincount(index, weights=bad, minlength=bins)
    rate = bad.mean()
    odds = (bads + smoothing * rate) / (sizes - bads + smoothing * (1 - rate))
    return np.log(odds * (1 - rate) / rate), sizes
