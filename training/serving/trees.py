"""Gradient-boosted trees in LightGBM's text, evaluated with exact reasons.

numpy alone: the endpoint imports it, and SageMaker's scikit-learn container has no LightGBM.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from training.serving import tree_text
from training.serving.tree_shap import TreeShap

Value = str | float | int | None
Codes = dict[str, int]
Column = dict[str, Any]  # {"feature": name, "values": [...]}; the code is the value's place


class Trees:
    def __init__(self, text: str, columns: list[Column]) -> None:
        """Prepare the trees of a model's text. Raises tree_text.UnknownTrees."""
        self.encoding = [(column["feature"], codes(column.get("values"))) for column in columns]
        self.trees = tree_text.read(text)
        sizes = [None if known is None else len(known) for _, known in self.encoding]
        self.ranks = tree_text.Ranks(self.trees, sizes)
        self._shap = TreeShap(self.trees, self.ranks, len(columns))

    def explain(self, row: Mapping[str, Value]) -> tuple[float, dict[str, float]]:
        """Return the baseline and each feature's share of the logit.

        The baseline is the expected logit.
        """
        ranks = [self._rank(n, row.get(name)) for n, (name, _) in enumerate(self.encoding)]
        added = self._shap.contributions(np.array(ranks, dtype=np.intp)).tolist()
        return self._shap.baseline, dict(zip((n for n, _ in self.encoding), added, strict=True))

    def _rank(self, feature: int, value: Value) -> int:
        of_feature = self.encoding[feature][1]
        if value is None:
            return self.ranks.missing(feature)
        if of_feature is None:
            return self.ranks.of_number(feature, float(value))
        return of_feature.get(value, self.ranks.missing(feature))  # type: ignore[arg-type]


def codes(values: list[str] | None) -> Codes | None:
    return None if values is None else {value: code for code, value in enumerate(values)}
