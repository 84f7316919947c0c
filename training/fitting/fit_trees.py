"""Fits gradient-boosted trees with LightGBM, and writes them as the text that `trees` evaluates."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from training.serving.trees import Codes, Column, Trees, codes

Encoding = dict[str, Codes | None]  # a text feature's codes; None: a number

CHECKED = 200  # rows
TOLERANCE = 1e-9  # of a logit


LightGBMError = lightgbm.basic.LightGBMError


class Unlike(Exception):
    """A difference between the endpoint's evaluation of the trees and LightGBM's."""


@dataclass(frozen=True)
class FittedTrees:
    booster: lightgbm.Booster
    encoding: Encoding

    def probabilities(self, rows: Any) -> npt.NDArray[np.float64]:
        return self.booster.predict(_matrix(rows, self.encoding))  # type: ignore[return-value]

    def contributions(self, rows: Any) -> npt.NDArray[np.float64]:
        """Return the contribution of each feature and, last, the baseline."""
        matrix = _matrix(rows, self.encoding)
        return self.booster.predict(matrix, pred_contrib=True, num_threads=1)  # type: ignore[return-value]

    def columns(self) -> list[Column]:
        return [
            {"feature": name} if known is None else {"feature": name, "values": list(known)}
            for name, known in self.encoding.items()
        ]

    def text(self) -> str:
        """Return the model as text: the same bytes whatever the number of training threads."""
        return re.sub(r"\[num_threads: \d+\]\n", "", self.booster.model_to_string())

    def check(self, rows: Any) -> None:
        """Check the endpoint's evaluation of the first rows.

        Raises Unlike or tree_text.UnknownTrees if it differs from LightGBM's.
        """
        first = rows.head(CHECKED)
        plain = first.astype(object).where(first.notna(), None).to_dict("records")
        served = Trees(self.text(), self.columns())
        said = [[*added.values(), baseline] for baseline, added in map(served.explain, plain)]
        furthest = np.abs(np.array(said) - self.contributions(first)).max(initial=0.0)
        if not furthest <= TOLERANCE:
            raise Unlike(
                f"the written trees' reasons are {furthest:.3g} off LightGBM's own, more than "
                f"{TOLERANCE:g}: it reads LightGBM 4.7.0's text, this is {lightgbm.__version__}"
            )


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
    """Fit trees to a pandas table of features. `monotone` has each feature's direction."""
    encoding: Encoding = {
        name: codes(sorted(rows[name].dropna().unique())) if name in text else None
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
        [rows[n] if known is None else rows[n].map(known) for n, known in encoding.items()]
    ).astype(float)
