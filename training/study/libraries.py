"""The usual libraries, each with a few settings to choose from.

Those that can are tried twice: with the directions that the profile demands, as our models have
them, and free of them.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
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

Settings = Mapping[str, Any]

MISSING = "missing"
THREADS = os.cpu_count() or 1


class Classifier(Protocol):
    def predict_proba(self, rows: Any) -> npt.NDArray[np.float64]: ...


@dataclass(frozen=True)
class Columns:
    """What the profile says of the features."""

    texts: tuple[str, ...]
    directions: Mapping[str, int]

    @property
    def numbers(self) -> list[str]:
        return [name for name in self.directions if name not in self.texts]


@dataclass(frozen=True)
class Library:
    name: str
    fit: Callable[[pd.DataFrame, pd.Series, Settings], Classifier]
    settings: tuple[Settings, ...]
    obeys: bool  # the profile's directions


def libraries(columns: Columns, seed: int) -> Iterator[Library]:
    yield Library(
        "LogisticRegression", partial(_regression, columns), ({"C": 0.1}, {"C": 1}), False
    )
    yield Library("optbinning", partial(_scorecard, columns), ({"C": 0.1}, {"C": 1}), True)
    smoothed = ({"interactions": 0.5}, {"interactions": 0.9})
    yield Library("EBM", partial(_ebm, columns, seed), smoothed, False)
    for name, fit, settings in (
        ("HistGradientBoosting", _hist, HIST),
        ("LightGBM", _lightgbm, LIGHTGBM),
        ("XGBoost", _xgboost, XGBOOST),
        ("CatBoost", _catboost, CATBOOST),
    ):
        yield Library(name, partial(fit, columns, seed, columns.directions), settings, True)
        yield Library(name, partial(fit, columns, seed, None), settings, False)


# The last of each: what `make settings` chose for our own trees, as far as a library has it.
HIST = (
    {"max_iter": 300, "learning_rate": 0.05, "max_leaf_nodes": 15, "min_samples_leaf": 200,
     "l2_regularization": 10, "max_features": 0.3},
    {"max_iter": 200, "learning_rate": 0.08, "max_leaf_nodes": 31, "min_samples_leaf": 100,
     "l2_regularization": 10, "max_features": 0.5},
    {"max_iter": 300, "learning_rate": 0.05, "max_leaf_nodes": 16, "min_samples_leaf": 200,
     "l2_regularization": 10, "max_features": 0.7, "max_bins": 63},
)  # fmt: skip
LIGHTGBM = (
    {"n_estimators": 300, "learning_rate": 0.05, "num_leaves": 15, "min_child_samples": 200,
     "colsample_bytree": 0.3, "subsample": 0.7, "subsample_freq": 1, "reg_lambda": 10,
     "cat_smooth": 50, "cat_l2": 50},
    {"n_estimators": 400, "learning_rate": 0.03, "num_leaves": 31, "min_child_samples": 100,
     "colsample_bytree": 0.5, "subsample": 0.7, "subsample_freq": 1, "reg_lambda": 10},
    {"n_estimators": 300, "learning_rate": 0.05, "num_leaves": 16, "min_child_samples": 200,
     "colsample_bytree": 0.7, "subsample": 0.7, "subsample_freq": 1, "reg_lambda": 10,
     "cat_smooth": 50, "cat_l2": 50, "max_bin": 63},
)  # fmt: skip
XGBOOST = (
    {"n_estimators": 400, "learning_rate": 0.05, "max_depth": 5, "min_child_weight": 20,
     "subsample": 0.7, "colsample_bytree": 0.3, "reg_lambda": 10},
    {"n_estimators": 300, "learning_rate": 0.05, "max_depth": 7, "min_child_weight": 20,
     "subsample": 0.7, "colsample_bytree": 0.3, "reg_lambda": 10},
    {"n_estimators": 300, "learning_rate": 0.05, "max_depth": 5, "min_child_weight": 20,
     "subsample": 0.7, "colsample_bytree": 0.7, "reg_lambda": 10, "max_bin": 63},
)  # fmt: skip
CATBOOST = (
    {"iterations": 400, "learning_rate": 0.08, "depth": 6, "l2_leaf_reg": 3},
    {"iterations": 300, "learning_rate": 0.08, "depth": 8, "l2_leaf_reg": 10},
    {"iterations": 400, "learning_rate": 0.05, "depth": 6, "l2_leaf_reg": 10, "border_count": 63},
)


def _regression(
    columns: Columns, rows: pd.DataFrame, bad: pd.Series, settings: Settings
) -> Classifier:
    filled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    prepared = make_column_transformer(
        (filled, columns.numbers),
        (OneHotEncoder(min_frequency=100, handle_unknown="infrequent_if_exist"), [*columns.texts]),
    )
    return make_pipeline(prepared, LogisticRegression(max_iter=2000, **settings)).fit(rows, bad)


@dataclass(frozen=True)
class _Named:
    """A scorecard whose text columns want a word for what is missing."""

    card: optbinning.Scorecard
    texts: tuple[str, ...]

    def predict_proba(self, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
        result: npt.NDArray[np.float64] = self.card.predict_proba(_worded(rows, self.texts))
        return result


def _scorecard(
    columns: Columns, rows: pd.DataFrame, bad: pd.Series, settings: Settings
) -> Classifier:
    process = optbinning.BinningProcess(
        list(rows),
        categorical_variables=[*columns.texts],
        binning_fit_params={
            name: {"monotonic_trend": "ascending" if direction > 0 else "descending"}
            for name, direction in columns.directions.items()
            if direction
        },
        binning_transform_params={name: {"metric_missing": "empirical"} for name in rows},
        n_jobs=THREADS,
    )
    estimator = LogisticRegression(max_iter=2000, **settings)
    card = optbinning.Scorecard(process, estimator).fit(
        _worded(rows, columns.texts), bad.to_numpy(), metric_missing="empirical"
    )
    return _Named(card, columns.texts)


def _ebm(
    columns: Columns, seed: int, rows: pd.DataFrame, bad: pd.Series, settings: Settings
) -> Classifier:
    model = ExplainableBoostingClassifier(
        random_state=seed, outer_bags=4, n_jobs=THREADS, max_rounds=2000, **settings
    )
    return _Worded(model.fit(_worded(rows, columns.texts), bad), columns.texts)


def _hist(
    columns: Columns,
    seed: int,
    directions: Mapping[str, int] | None,
    rows: pd.DataFrame,
    bad: pd.Series,
    settings: Settings,
) -> Classifier:
    model = HistGradientBoostingClassifier(
        categorical_features="from_dtype",
        monotonic_cst=dict(directions) if directions else None,
        early_stopping=False,
        random_state=seed,
        **settings,
    )
    return _Categories.of(rows, columns.texts).fit(model, rows, bad)


def _lightgbm(
    columns: Columns,
    seed: int,
    directions: Mapping[str, int] | None,
    rows: pd.DataFrame,
    bad: pd.Series,
    settings: Settings,
) -> Classifier:
    model = lightgbm.LGBMClassifier(
        monotone_constraints=list(directions.values()) if directions else None,
        random_state=seed,
        deterministic=True,
        force_row_wise=True,
        n_jobs=THREADS,
        verbosity=-1,
        **settings,
    )
    return _Categories.of(rows, columns.texts).fit(model, rows, bad)


def _xgboost(
    columns: Columns,
    seed: int,
    directions: Mapping[str, int] | None,
    rows: pd.DataFrame,
    bad: pd.Series,
    settings: Settings,
) -> Classifier:
    model = xgboost.XGBClassifier(
        enable_categorical=True,
        tree_method="hist",
        monotone_constraints=dict(directions) if directions else None,
        random_state=seed,
        n_jobs=THREADS,
        **settings,
    )
    return _Categories.of(rows, columns.texts).fit(model, rows, bad)


def _catboost(
    columns: Columns,
    seed: int,
    directions: Mapping[str, int] | None,
    rows: pd.DataFrame,
    bad: pd.Series,
    settings: Settings,
) -> Classifier:
    model = catboost.CatBoostClassifier(
        cat_features=[*columns.texts],
        monotone_constraints=dict(directions) if directions else None,
        random_seed=seed,
        thread_count=THREADS,
        verbose=False,
        allow_writing_files=False,
        **settings,
    )
    return _Worded(model.fit(_worded(rows, columns.texts), bad), columns.texts)


def _worded(rows: pd.DataFrame, texts: tuple[str, ...]) -> pd.DataFrame:
    return rows.assign(**{name: rows[name].fillna(MISSING) for name in texts})


@dataclass(frozen=True)
class _Worded:
    model: Any
    texts: tuple[str, ...]

    def predict_proba(self, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
        result: npt.NDArray[np.float64] = self.model.predict_proba(_worded(rows, self.texts))
        return result


@dataclass(frozen=True)
class _Categories:
    """A model that reads pandas' categories: always the training's; others are missing."""

    kinds: Mapping[str, pd.CategoricalDtype]
    model: Any = None

    @classmethod
    def of(cls, rows: pd.DataFrame, texts: tuple[str, ...]) -> "_Categories":
        return cls({n: pd.CategoricalDtype(sorted(rows[n].dropna().unique())) for n in texts})

    def fit(self, model: Any, rows: pd.DataFrame, bad: pd.Series) -> "_Categories":
        return _Categories(self.kinds, model.fit(rows.astype(dict(self.kinds)), bad))

    def predict_proba(self, rows: pd.DataFrame) -> npt.NDArray[np.float64]:
        result: npt.NDArray[np.float64] = self.model.predict_proba(rows.astype(dict(self.kinds)))
        return result
