"""Gradient-boosted trees (LightGBM) as text, and their evaluation with exact TreeSHAP reasons."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

Value = str | float | int | None
Encoding = dict[str, dict[str, int] | None]  # a text feature's codes; None: a number
Column = dict[str, Any]  # {"feature": name, "values": [...]}; the code is the value's place

REQUIREMENTS = f"lightgbm=={lightgbm.__version__}\n"


class Trees:
    def __init__(self, text: str, columns: list[Column]) -> None:
        self.booster = lightgbm.Booster(model_str=text)
        self.encoding = [(column["feature"], _codes(column.get("values"))) for column in columns]

    def explain(self, row: Mapping[str, Value]) -> tuple[float, dict[str, float]]:
        """The baseline (expected logit) and what each feature adds to it."""
        matrix = np.array([[_encoded(row.get(name), codes) for name, codes in self.encoding]])
        *shap, baseline = self.booster.predict(matrix, pred_contrib=True, num_threads=1)[0]  # type: ignore[index]
        names = (name for name, _ in self.encoding)
        return float(baseline), dict(zip(names, map(float, shap), strict=True))


def _codes(values: list[str] | None) -> dict[str, int] | None:
    return None if values is None else {value: code for code, value in enumerate(values)}


def _encoded(value: Value, codes: dict[str, int] | None) -> float:
    if value is None:
        return np.nan
    return float(value) if codes is None else codes.get(value, np.nan)  # type: ignore[arg-type]


@dataclass(frozen=True)
class FittedTrees:
    booster: lightgbm.Booster
    encoding: Encoding

    def probabilities(self, rows: Any) -> npt.NDArray[np.float64]:
        return self.booster.predict(_matrix(rows, self.encoding))  # type: ignore[return-value]

    def contributions(self, rows: Any) -> npt.NDArray[np.float64]:
        matrix = _matrix(rows, self.encoding)
        return self.booster.predict(matrix, pred_contrib=True, num_threads=1)  # type: ignore[return-value]

    def columns(self) -> list[Column]:
        return [
            {"feature": name} if codes is None else {"feature": name, "values": list(codes)}
            for name, codes in self.encoding.items()
        ]

    def text(self) -> str:
        """The same bytes whatever the number of threads it was trained with."""
        return re.sub(r"\[num_threads: \d+\]\n", "", self.booster.model_to_string())


def fit(
    rows: Any,
    outcomes: Any,
    monotone: Mapping[str, int],
    text: frozenset[str],
    parameters: Mapping[str, Any],
    seed: int,
    threads: int,
    weights: Any = None,
) -> FittedTrees:
    """`rows` is a pandas table of the features, `monotone` has each one's direction."""
    encoding: Encoding = {
        name: _codes(sorted(rows[name].dropna().unique())) if name in text else None
        for name in rows.columns
    }
    settings = {
        "objective": "binary",
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        "seed": seed,
        "num_threads": threads,
        "monotone_constraints": [monotone[name] for name in rows.columns],
        **parameters,
    }
    data = lightgbm.Dataset(
        _matrix(rows, encoding),
        label=outcomes,
        weight=weights,
        feature_name=list(rows.columns),
        categorical_feature=[name for name in rows.columns if name in text],
    )
    return FittedTrees(lightgbm.train(settings, data), encoding)


def _matrix(rows: Any, encoding: Encoding) -> npt.NDArray[np.float64]:
    return np.column_stack(
        [rows[n] if codes is None else rows[n].map(codes) for n, codes in encoding.items()]
    ).astype(float)
