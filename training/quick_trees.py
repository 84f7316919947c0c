"""LightGBM's trees for many rows at once: QuickScorer (Lucchese et al., SIGIR 2015) in numpy.

A tree's leaves are bits, from left to right. A split that sends a row to the right rules out the
leaves on its left; of the bits that are left the lowest is the row's leaf. So a tree is a few table
look-ups a feature, by the rank of the row's value among all thresholds of that feature.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ranks = npt.NDArray[np.intp]
Masks = npt.NDArray[np.uint16]

MOST_LEAVES = 16
ALL = 0xFFFF
BLOCK = 1 << 14  # rows whose ranks fit into a cache

CATEGORICAL, DEFAULT_LEFT, NAN = 1, 2, 2 << 2  # of LightGBM's decision_type
MISSING_KIND = 3 << 2

NEEDED = frozenset(
    {
        *("split_feature", "threshold", "decision_type", "left_child", "right_child"),
        *("leaf_value", "cat_boundaries", "cat_threshold"),
    }
)

_bits = np.arange(ALL + 1, dtype=np.int64)
LOWEST = np.log2((_bits & -_bits).clip(1)).astype(np.intp)  # place of a mask's lowest bit


class TooManyLeaves(Exception):
    """A mask has no bit for every leaf."""


@dataclass(frozen=True)
class Tree:
    tables: tuple[tuple[int, Masks], ...]  # by feature: of each rank, the leaves still possible
    leaves: Floats


class QuickTrees:
    def __init__(self, text: str, categories: Sequence[int | None]) -> None:
        """`categories` has, for each feature in order, how many there are; None is a number.

        Raises TooManyLeaves.
        """
        written = list(_trees(text))
        if any(len(tree["leaf_value"]) > MOST_LEAVES for tree in written):
            raise TooManyLeaves
        self._categories = categories
        self._thresholds = [_thresholds(written, n) for n in range(len(categories))]
        self._trees = [self._tree(tree) for tree in written]

    def logits(self, columns: Sequence[Floats]) -> Floats:
        """NaN is missing; a category is its code."""
        rows = len(columns[0])
        starts = range(0, rows, BLOCK)
        blocks = [self._block([c[start : start + BLOCK] for c in columns]) for start in starts]
        return np.concatenate(blocks) if blocks else np.empty(0)

    def _block(self, columns: Sequence[Floats]) -> Floats:
        ranks = [self._ranks(feature, column) for feature, column in enumerate(columns)]
        total = np.zeros(len(columns[0]))
        possible, looked_up = np.empty((2, len(total)), dtype=np.uint16)
        for tree in self._trees:
            possible.fill(ALL)
            for feature, table in tree.tables:
                table.take(ranks[feature], out=looked_up, mode="clip")
                np.bitwise_and(possible, looked_up, out=possible)
            total += tree.leaves.take(LOWEST.take(possible))
        return total

    def _ranks(self, feature: int, column: Floats) -> Ranks:
        """The last rank is that of what is missing."""
        known = self._categories[feature]
        if known is not None:
            return np.where(np.isnan(column), known, column).astype(np.intp)
        thresholds = self._thresholds[feature]
        ranks = np.searchsorted(thresholds, column, side="left")
        ranks[np.isnan(column)] = len(thresholds) + 1
        return ranks

    def _tree(self, written: Mapping[str, Floats]) -> Tree:
        left_of, order = _leaves(written)
        tables: dict[int, Masks] = {}
        for node, removed in left_of.items():
            feature = int(written["split_feature"][node])
            goes_left = self._goes_left(written, node, feature)
            masks = np.where(goes_left, ALL, ALL & ~removed).astype(np.uint16)
            tables[feature] = tables.get(feature, np.uint16(ALL)) & masks
        return Tree(tuple(tables.items()), written["leaf_value"][order])

    def _goes_left(
        self, written: Mapping[str, Floats], node: int, feature: int
    ) -> npt.NDArray[np.bool_]:
        """Of each rank of the feature, the missing one last."""
        kind, threshold = int(written["decision_type"][node]), written["threshold"][node]
        if kind & CATEGORICAL:
            return np.array(
                [*_chosen(written, int(threshold), self._categories[feature] or 0), False]
            )
        thresholds = self._thresholds[feature]
        place = np.searchsorted(thresholds, threshold)
        is_sent = kind & MISSING_KIND == NAN  # where it says; else what is missing is read as 0
        missing = bool(kind & DEFAULT_LEFT) if is_sent else threshold >= 0
        return np.append(np.arange(len(thresholds) + 1) <= place, missing)


def _trees(text: str) -> Iterator[dict[str, Floats]]:
    for part in text.split("\nTree=")[1:]:
        fields = (line.split("=", 1) for line in part.split("\n\n")[0].splitlines() if "=" in line)
        yield {
            name: np.array(values.split(), dtype=float) for name, values in fields if name in NEEDED
        }


def _thresholds(written: Sequence[Mapping[str, Floats]], feature: int) -> Floats:
    return np.unique(
        np.concatenate(
            [
                tree["threshold"][
                    (tree["split_feature"] == feature)
                    & (tree["decision_type"].astype(int) & CATEGORICAL == 0)
                ]
                for tree in written
                if "split_feature" in tree
            ]
            or [np.empty(0)]
        )
    )


def _leaves(written: Mapping[str, Floats]) -> tuple[dict[int, int], list[int]]:
    """The mask of the leaves on the left of each split, and the leaves from left to right."""
    left_of: dict[int, int] = {}
    order: list[int] = []

    def below(node: int) -> int:
        if node < 0:
            order.append(~node)
            return 1 << (len(order) - 1)
        left = below(int(written["left_child"][node]))
        left_of[node] = left
        return left | below(int(written["right_child"][node]))

    below(0 if "left_child" in written and len(written["left_child"]) else ~0)
    return left_of, order


def _chosen(written: Mapping[str, Floats], place: int, categories: int) -> Iterator[bool]:
    """Of each category, whether the split's bitset of 32-bit words has it."""
    first, last = (int(n) for n in written["cat_boundaries"][place : place + 2])
    words = written["cat_threshold"][first:last].astype(np.int64)
    for code in range(categories):
        word, bit = divmod(code, 32)
        yield word < len(words) and bool(words[word] >> bit & 1)
