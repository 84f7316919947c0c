"""A scorecard that a person can read, and its evaluation for one application.

scorecard.json: per feature the splits (a value belongs to the first split that is not below it)
or the categories, with the logits each bin adds to the baseline, what a missing value adds, and
what any other category adds. Standard library only: the endpoint imports it.
"""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

Value = str | float | int | None


class Scorecard:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self.baseline: float = document["baseline"]
        self.numbers = [
            (name, bins["splits"], bins["contributions"], bins["missing"])
            for name, bins in document["features"].items()
            if "splits" in bins
        ]
        self.categories = [
            (name, bins["categories"], bins["other"], bins["missing"])
            for name, bins in document["features"].items()
            if "categories" in bins
        ]

    def explain(self, row: Mapping[str, Value]) -> tuple[float, dict[str, float]]:
        """Return the baseline and each feature's share of the logit.

        The baseline is the logit of the mean applicant.
        """
        contributions = {}
        for name, splits, logits, missing in self.numbers:
            value = row.get(name)
            contributions[name] = missing if value is None else logits[bisect_left(splits, value)]
        for name, categories, other, missing in self.categories:
            value = row.get(name)
            contributions[name] = missing if value is None else categories.get(value, other)
        return self.baseline, contributions
