"""The usual libraries, each with a few settings to choose from.

Those that can are tried twice: with the directions that the profile demands, as our models have
them, and free of them.
"""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import catboost
import lightgbm
import numpy as np
import numpy.typing as npt
import optbinning
import pandas as pd
import xgboost
from interpret.glassbox import ExplainableBoostingClassifier
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from chalicelib.profile import Training
from training.snapshots.snapshot import Part

Settings = Mapping[str, Any]

MISSING = "missing"
THREADS = os.cpu_count() or 1


class Classifier(Protocol):
    def predict_proba(self, rows: Any) -> npt.NDArray[np.float64]: ...


@dataclass(frozen=True)
class Columns:
    """Columns of the features, as the profile declares them."""

    texts: tuple[str, ...]
    directions: Mapping[str, int]

    @property
    def numbers(self) -> list[str]:
        return [name for name in self.directions if name not in self.texts]


@dataclass(frozen=True)
class Task:
    """Applications to learn from, what came of them and how much each counts."""

    rows: pd.DataFrame
    bad: pd.Series
    weights: npt.NDArray[np.float64] | None
    columns: Columns
    seed: int
    directions: Mapping[str, int] | None  # those to obey; None: free

    @classmethod
    def of(cls, part: Part, columns: Columns, training: Training, *, obeys: bool) -> "Task":
        return cls(
            part.rows,
            part.outcomes,
            part.weights(training.half_life_months),
            columns,
            training.seed,
            columns.directions if obeys else None,
        )

    @property
    def worded(self) -> pd.DataFrame:
        return _worded(self.rows, self.columns.texts)


@dataclass(frozen=True)
class Library:
    name: str
    fit: Callable[[Task, Settings], Classifier]
    settings: tuple[Settings, ...]
    obeys: bool  # the profile's directions


def libraries() -> Iterator[Library]:
    yield Library("LogisticRegression", _regression, ({"C": 0.1}, {"C": 1}), obeys=False)
    yield Library("optbinning", _scorecard, ({"C": 0.1}, {"C": 1}), obeys=False)
    yield Library("EBM", _ebm, ({"interactions": 0.5}, {"interactions": 0.9}), obeys=False)
    for obeys in (True, False):
        yield Library("HistGradientBoosting", _hist, HIST, obeys)
        yield Library("LightGBM", _lightgbm, LIGHTGBM, obeys)
        yield Library("XGBoost", _xgboost, XGBOOST, obeys)
        yield Library("CatBoost", _catboost, CATBOOST, obeys)


# The last of each: what `make settings` chose for our own trees, as far as a library has it.
HIST = (
    {"max_iter": 300, "learning_rate": 0.05, "max_leaf_nodes": 15, "min_samples_leaf": 200,
     "l2_regularization": 10, "max_features": 0.3},
    {"max_iter": 200, "learning_rate": 0.08, "max_leaf_nodes": 31, "min_samples_leaf": 100,
     "l2_regularization": 10, "max_features": 0.5},
    {"max_iter": 300, "learning_rate": 0.03, "max_leaf_nodes": 16, "min_samples_leaf": 100,
     "l2_regularization": 2, "max_features": 0.7, "max_bins": 63},
)  # fmt: skip
LIGHTGBM = (
    {"n_estimators": 300, "learning_rate": 0.05, "num_leaves": 15, "min_child_samples": 200,
     "colsample_bytree": 0.3, "subsample": 0.7, "subsample_freq": 1, "reg_lambda": 10,
     "cat_smooth": 50, "cat_l2": 50},
    {"n_estimators": 400, "learning_rate": 0.03, "num_leaves": 31, "min_child_samples": 100,
     "colsample_bytree": 0.5, "subsample": 0.7, "subsample_freq": 1, "reg_lambda": 10},
    {"n_estimators": 300, "learning_rate": 0.03, "num_leaves": 16, "min_child_samples": 100,
     "colsample_bytree": 0.7, "subsample": 0.7, "subsample_freq": 1, "reg_lambda": 2,
     "cat_smooth": 50, "cat_l2": 50, "max_bin": 63},
)  # fmt: skip
XGBOOST = (
    {"n_estimators": 400, "learning_rate": 0.05, "max_depth": 5, "min_child_weight": 20,
     "subsample": 0.7, "colsample_bytree": 0.3, "reg_lambda": 10},
    {"n_estimators": 300, "learning_rate": 0.05, "max_depth": 7, "min_child_weight": 20,
     "subsample": 0.7, "colsample_bytree": 0.3, "reg_lambda": 10},
    {"n_estimators": 300, "learning_rate": 0.03, "max_depth": 5, "min_child_weight": 20,
     "subsample": 0.7, "colsample_bytree": 0.7, "reg_lambda": 2, "max_bin": 63},
)  # fmt: skip
CATBOOST = (
    {"iterations": 400, "learning_rate": 0.08, "depth": 6, "l2_leaf_reg": 3},
    {"iterations": 300, "learning_rate": 0.08, "depth": 8, "l2_leaf_reg": 10},
    {"iterations": 400, "learning_rate": 0.03, "depth": 6, "l2_leaf_reg": 2, "border_count": 63},
)


def _regression(task: Task, settings: Settings) -> Classifier:
    filled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    words = OneHotEncoder(min_frequency=100, handle_unknown="infrequent_if_exist")
    prepared = make_column_transformer(
        (filled, task.columns.numbers), (words, [*task.columns.texts])
    )
    regression = LogisticRegression(max_iter=2000, **settings)
    fitted: Classifier = make_pipeline(prepared, regression).fit(
        task.rows, task.bad, logisticregression__sample_weight=task.weights
    )
    return fitted


def _scorecard(task: Task, settings: Settings) -> Classifier:
    process = optbinning.BinningProcess(
        list(task.rows),
        categorical_variables=[*task.columns.texts],
        binning_fit_params={
            name: {"monotonic_trend": "ascending" if direction > 0 else "descending"}
            for name, direction in task.columns.directions.items()
            if direction
        },
        binning_transform_params={name: {"metric_missing": "empirical"} for name in task.rows},
        n_jobs=THREADS,
    )
    estimator = LogisticRegression(max_iter=2000, **settings)
    card = optbinning.Scorecard(process, estimator).fit(
        task.worded, task.bad.to_numpy(), sample_weight=task.weights, metric_missing="empirical"
    )
    return _Worded(card, task.columns.texts)


def _ebm(task: Task, settings: Settings) -> Classifier:
    model = ExplainableBoostingClassifier(
        random_state=task.seed, outer_bags=4, n_jobs=THREADS, max_rounds=2000, **settings
    )
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of its plots
        model.fit(task.worded, task.bad, sample_weight=task.weights)
    return _Worded(model, task.columns.texts)


def _hist(task: Task, settings: Settings) -> Classifier:
    model = HistGradientBoostingClassifier(
        categorical_features="from_dtype",
        monotonic_cst=dict(task.directions) if task.directions else None,
        early_stopping=False,
        random_state=task.seed,
        **settings,
    )
    return _Categories.fit(model, task)


def _lightgbm(task: Task, settings: Settings) -> Classifier:
    model = lightgbm.LGBMClassifier(
        monotone_constraints=list(task.directions.values()) if task.directions else None,
        random_state=task.seed,
        deterministic=True,
        force_row_wise=True,
        n_jobs=THREADS,
        verbosity=-1,
        **settings,
    )
    return _Categories.fit(model, task)


def _xgboost(task: Task, settings: Settings) -> Classifier:
    model = xgboost.XGBClassifier(
        enable_categorical=True,
        tree_method="hist",
        monotone_constraints=dict(task.directions) if task.directions else None,
        random_state=task.seed,
        n_jobs=THREADS,
        **settings,
    )
    return _Categories.fit(model, task)


def _catboost(task: Task, settings: Settings) -> Classifier:
    model = catboost.CatBoostClassifier(
        cat_features=[*task.columns.texts],
        monotone_constraints=dict(task.directions) if task.directions else None,
        random_seed=task.seed,
        thread_count=THREADS,
        verbose=False,
        allow_writing_files=False,
        **settings,
    )
    model.fit(task.worded, task.bad, sample_weight=task.weights)
    return _Worded(model, task.columns.texts)


def _worded(rows: pd.DataFrame, texts: tuple[str, ...]) -> pd.DataFrame:
    return rows.assign(**{name: rows[name].fillna(MISSING) for name in texts})


@dataclass(frozen=True)
class _Worded:
    """A model whose text columns have the word MISSING in place of a missing value."""

    model: Any
    texts: tuple[str, ...]

    def predict_proba(self, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
        result: npt.NDArray[np.float64] = self.model.predict_proba(_worded(rows, self.texts))
        return result


@dataclass(frozen=True)
class _Categories:
    """A model that reads pandas' categories: always the training's; others are missing."""

    kinds: Mapping[str, pd.CategoricalDtype]
    model: Any

    @classmethod
    def fit(cls, model: Any, task: Task) -> "_Categories":
        kinds = {
            name: pd.CategoricalDtype(sorted(task.rows[name].dropna().unique()))
            for name in task.columns.texts
        }
        model.fit(task.rows.astype(kinds), task.bad, sample_weight=task.weights)
        return cls(kinds, model)

    def predict_proba(self, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
        result: npt.NDArray[np.float64] = self.model.predict_proba(rows.astype(dict(self.kinds)))
        return result
