"""LightGBM's trees as their text says them, and which way values of a feature go at their splits.

The format is LightGBM's Tree::ToString, the ways are its Tree::Decision (include/LightGBM/tree.h).
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isnan
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ways = npt.NDArray[np.bool_]  # of each rank of a feature: to the left?

ZERO = float(np.float32(1e-35))  # LightGBM's kZeroThreshold: what is not beyond it, it reads as 0
CATEGORICAL, DEFAULT_LEFT = 1, 2  # bits of decision_type
MISSING, ZERO_IS_MISSING, NAN_IS_MISSING = 3 << 2, 1 << 2, 2 << 2
WORD = 32  # bits of a set of categories
LOGITS = ("binary sigmoid:1", "cross_entropy")  # objectives whose raw score is a logit


class UnknownTrees(Exception):
    """The text is no ensemble of one logit that this code evaluates."""


@dataclass(frozen=True)
class Tree:
    features: list[int]  # of each split, as are the next five
    thresholds: list[float]
    decisions: list[int]
    left: list[int]  # a split's number, or ~ a leaf's
    right: list[int]
    counts: list[int]  # of training rows
    leaf_values: list[float]
    leaf_counts: list[int]
    chosen: list[list[int]]  # the categories that go left, of each split by a category

    def children(self, split: int) -> tuple[int, int]:
        return self.left[split], self.right[split]

    def rows(self, node: int) -> int:
        """Return how many training rows reached the node."""
        return self.leaf_counts[~node] if node < 0 else self.counts[node]

    @property
    def root(self) -> int:
        return 0 if self.features else ~0


def read(text: str) -> list[Tree]:
    """Parse LightGBM's text. Raises UnknownTrees."""
    header, *bodies = text.partition("\nend of trees")[0].split("\nTree=")
    stated = _fields(header)
    objective = stated.get("objective", "none")
    if objective not in LOGITS:
        raise UnknownTrees(f"their objective is {objective}, which gives no logit: train again")
    if stated.get("num_tree_per_iteration") != "1" or "average_output" in header.splitlines():
        raise UnknownTrees("they are several classes' or a random forest's: train one, boosted")
    if len(bodies) != len(stated.get("tree_sizes", "").split()):
        raise UnknownTrees(f"{len(bodies)} are there, others are cut off: upload the original")
    return [_tree(_fields(body)) for body in bodies]


def _fields(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {name: value for name, _, value in pairs}


def _tree(fields: Mapping[str, str]) -> Tree:
    if fields.get("is_linear", "0") != "0":
        raise UnknownTrees("their leaves are linear models: train without linear_tree")

    def numbers(name: str, kind: Callable[[str], Any]) -> list[Any]:
        return [kind(word) for word in fields.get(name, "").split()]

    splits = int(fields["num_leaves"]) - 1
    bounds, words = numbers("cat_boundaries", int), numbers("cat_threshold", int)
    return Tree(
        numbers("split_feature", int)[:splits],
        numbers("threshold", float),
        numbers("decision_type", int),
        numbers("left_child", int),
        numbers("right_child", int),
        numbers("internal_count", int),
        numbers("leaf_value", float),
        numbers("leaf_count", int),
        [_categories(words[start:end]) for start, end in pairwise(bounds)],
    )


def _categories(words: Sequence[int]) -> list[int]:
    return [
        WORD * place + bit
        for place, word in enumerate(words)
        for bit in range(WORD)
        if word >> bit & 1
    ]


class Ranks:
    """Values of a feature that go the same way at every split have the same rank.

    A number's rank is how many of the feature's edges are below it; a category's is its code. The
    last rank is that of what is missing.
    """

    def __init__(self, trees: Sequence[Tree], categories: Sequence[int | None]) -> None:
        """Prepare the ranks of each feature's values. Raises UnknownTrees.

        `categories` has the number of categories of each feature in order; None is a number.
        """
        self._categories = categories
        edges: list[set[float]] = [set() for _ in categories]
        for tree in trees:
            for feature, threshold, decision in zip(
                tree.features, tree.thresholds, tree.decisions, strict=False
            ):
                if bool(decision & CATEGORICAL) != (categories[feature] is not None):
                    raise UnknownTrees(f"feature {feature} is a number here and a text there")
                if not decision & CATEGORICAL:
                    edges[feature].add(threshold)
                    if decision & MISSING == ZERO_IS_MISSING:
                        edges[feature] |= {-ZERO, ZERO}  # nothing but 0 is between them
        self.edges = [sorted(of_feature) for of_feature in edges]

    def size(self, feature: int) -> int:
        categories = self._categories[feature]
        return (len(self.edges[feature]) + 1 if categories is None else categories) + 1

    def missing(self, feature: int) -> int:
        return self.size(feature) - 1

    def of_number(self, feature: int, value: float) -> int:
        if isnan(value):
            return self.missing(feature)
        return bisect_left(self.edges[feature], 0.0 if abs(value) <= ZERO else value)

    def goes_left(self, tree: Tree, split: int) -> Ways:
        """Return, for each rank of the split's feature, whether it goes left."""
        feature, decision = tree.features[split], tree.decisions[split]
        ways = np.zeros(self.size(feature), dtype=bool)
        if decision & CATEGORICAL:
            chosen = tree.chosen[int(tree.thresholds[split])]
            ways[[code for code in chosen if code < self.missing(feature)]] = True
            return ways
        ways[: bisect_left(self.edges[feature], tree.thresholds[split]) + 1] = True
        zero, default = self.of_number(feature, 0.0), bool(decision & DEFAULT_LEFT)
        if decision & MISSING == ZERO_IS_MISSING:
            ways[zero] = default
        ways[-1] = default if decision & MISSING == NAN_IS_MISSING else ways[zero]
        return ways
