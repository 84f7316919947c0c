"""The peers' models: a scikit-learn pipeline for each model of the profile, on the same loans.

Each reads the columns that the bank's model reads from an application, by scikit-learn's own
encoders. None of the bank's code is in them, so that any environment can load them.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

from bench.peer_servers.pipeline_scoring import MODELS, NOTHING
from datasets import Dataset
from training.training_profile import Feature, Model, TrainingProfile

FEW_VALUES = 60  # a text with more is encoded by its rate, with fewer by a column a value
# Of a text with more, by frequency: the encoder reads all values that it knows in each request, so
# that all lenders and ZIP codes of the register would take it 30 ms.
MOST_VALUES = 200


def fit_all(dataset: Dataset, product: TrainingProfile, folder: Path) -> None:
    """Write a file a pipeline, and what a server needs beside them, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    models = [product.model(name) for name in product.models]
    columns = {one.name: kind(one) for model in models for one in model.inputs}
    loans = learning_rows(dataset.snapshot(), product)
    rows, outcomes = as_asked(loans, columns), loans[product.outcome].astype(int)
    for model in models:
        inputs = {one.name: kind(one) for one in model.inputs}
        pipeline = fitted(model, rows, inputs, outcomes)
        joblib.dump(pipeline, folder / f"{model.name}.joblib")
    described = description(product, columns)
    (folder / MODELS).write_text(json.dumps(described), encoding="utf-8")


def kind(feature: Feature) -> str:
    return "text" if feature.is_text else "number"


def learning_rows(loans: pd.DataFrame, product: TrainingProfile) -> pd.DataFrame:
    """Return the loans of the training's window whose outcome is known."""
    known = loans.dropna(subset=[product.outcome])
    if not product.date:
        return known
    months = product.profile.training.window_months
    return known[known[product.date] > known[product.date].max() - pd.DateOffset(months=months)]


def as_asked(loans: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return the columns as a server gets them: floats and texts, with its own blanks."""
    return pd.DataFrame(
        {
            name: loans[name].astype(float)
            if of == "number"
            else loans[name].astype(object).where(loans[name].notna(), NOTHING["text"])
            for name, of in columns.items()
        }
    )


def fitted(
    model: Model, rows: pd.DataFrame, inputs: Mapping[str, str], outcomes: pd.Series
) -> Pipeline:
    texts = [name for name, of in inputs.items() if of == "text"]
    few = [name for name in texts if rows[name].nunique() <= FEW_VALUES]
    many = [name for name in texts if name not in few]
    numbers = [name for name in inputs if name not in texts]
    encoders = ColumnTransformer(
        [
            ("few", OneHotEncoder(handle_unknown="ignore", sparse_output=False), few),
            ("many", _by_rate(rows[many]), many),
            ("numbers", _numbers(model.method), numbers),
        ]
    )
    pipeline: Pipeline = make_pipeline(encoders, _estimator(model)).fit(rows, outcomes)
    return pipeline


def _by_rate(texts: pd.DataFrame) -> TargetEncoder:
    """Return the encoder of texts with many values. A value that it does not know has the mean."""
    frequent = [sorted(texts[name].value_counts().index[:MOST_VALUES]) for name in texts]
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return TargetEncoder(categories=frequent or "auto", cv=folds)


def _numbers(method: str) -> Any:
    if method == "trees":
        return "passthrough"
    return make_pipeline(SimpleImputer(strategy="median"), StandardScaler())


def _estimator(model: Model) -> Any:
    """Return the estimator with the size that the bank's model has."""
    if model.method == "trees":
        return HistGradientBoostingClassifier(
            max_iter=int(model.parameters["num_iterations"]),
            max_leaf_nodes=int(model.parameters["num_leaves"]),
            learning_rate=model.parameters["learning_rate"],
            min_samples_leaf=int(model.parameters["min_data_in_leaf"]),
            early_stopping=False,
            random_state=0,
        )
    return LogisticRegression(C=model.parameters["C"], max_iter=1000)


def description(product: TrainingProfile, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return what a server knows of the product: columns, weights, cut-offs as probabilities."""
    policy = product.profile.policy
    scale = policy.score
    factor = scale.points_to_double_odds / math.log(2)

    def probability(points: float) -> float:
        logit = (scale.base_points - points) / factor - math.log(scale.base_odds)
        return 1 / (1 + math.exp(-logit))

    return {
        "columns": dict(columns),
        "weights": dict(policy.decision.weights),
        "approveUpTo": probability(policy.decision.approve_from),
        "declineAbove": probability(policy.decision.decline_below),
    }
