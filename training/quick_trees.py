"""LightGBM's trees for many rows at once: QuickScorer (Lucchese et al., SIGIR 2015) in numpy.

A tree's leaves are bits, from left to right. A split that sends a row to the right rules out the
leaves on its left; of the bits that are left the lowest is the row's leaf. So a tree is a few table
look-ups a feature, by the rank of the row's value among all thresholds of that feature. Four trees
that look at much the same features share them: each has a quarter of a word of 64 bits.
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
TOGETHER = 4
BLOCK = 1 << 14  # rows whose ranks fit into a cache

CATEGORICAL, DEFAULT_LEFT, NAN = 1, 2, 2 << 2  # of LightGBM's decision_type
MISSING_KIND = 3 << 2

NEEDED = frozenset(
    {
        *("split_feature", "threshold", "decision_type", "left_child", "right_child"),
        *("leaf_value", "cat_boundaries", "cat_threshold"),
    }
)

# Two trees' leaves as two bytes, and those read as one number.
PAIRS = np.indices((MOST_LEAVES, MOST_LEAVES)).reshape(2, -1).T.astype(np.uint8).copy()
NUMBERS = PAIRS.view(np.uint16).ravel()


class TooManyLeaves(Exception):
    """A mask has no bit for every leaf."""


@dataclass(frozen=True)
class Tree:
    tables: dict[int, Masks]  # by feature: of each rank, the leaves still possible
    leaves: Floats


@dataclass(frozen=True)
class Group:
    tables: tuple[tuple[int, npt.NDArray[np.uint64]], ...]  # as a tree's, of four trees
    sums: tuple[Floats, Floats]  # of each two trees' leaves, by their number


class QuickTrees:
    def __init__(self, text: str, categories: Sequence[int | None]) -> None:
        """`categories` has, for each feature in order, how many there are; None is a number.

        Raises TooManyLeaves.
        """
        written = list(_trees(text))
        if any(len(tree["leaf_value"]) > MOST_LEAVES for tree in written):
            raise TooManyLeaves
        self._categories = categories
        self.thresholds = [_thresholds(written, n) for n in range(len(categories))]
        self._groups = [*map(_group, _alike([self._tree(tree) for tree in written]))]

    def logits(self, ranks: Sequence[Ranks]) -> Floats:
        """A number's rank is the thresholds below it, or one more than there are if it is missing;
        a category's is its code, or how many there are."""
        starts = range(0, len(ranks[0]), BLOCK)
        blocks = [self._block([r[start : start + BLOCK] for r in ranks]) for start in starts]
        return np.concatenate(blocks) if blocks else np.empty(0)

    def _block(self, ranks: Sequence[Ranks]) -> Floats:
        rows = len(ranks[0])
        possible, looked_up = np.empty((2, rows), dtype=np.uint64)
        lanes, below = possible.view(np.uint16), np.empty(rows * TOGETHER, dtype=np.uint16)
        leaves = np.empty(rows * TOGETHER, dtype=np.uint8)
        numbers = leaves.view(np.uint16).reshape(rows, 2)
        total, summand = np.zeros(rows), np.empty(rows)
        for group in self._groups:
            (first, table), *others = group.tables
            table.take(ranks[first], out=possible, mode="clip")
            for feature, table in others:
                table.take(ranks[feature], out=looked_up, mode="clip")
                np.bitwise_and(possible, looked_up, out=possible)
            np.subtract(lanes, 1, out=below)
            np.bitwise_and(below, np.bitwise_not(lanes, out=lanes), out=below)
            np.bitwise_count(below, out=leaves)  # the place of the lowest bit
            for two, sums in enumerate(group.sums):
                total += sums.take(numbers[:, two], out=summand, mode="clip")
        return total

    def _tree(self, written: Mapping[str, Floats]) -> Tree:
        left_of, order = _leaves(written)
        tables: dict[int, Masks] = {}
        for node, removed in left_of.items():
            feature = int(written["split_feature"][node])
            goes_left = self._goes_left(written, node, feature)
            masks = np.where(goes_left, ALL, ALL & ~removed).astype(np.uint16)
            tables[feature] = tables.get(feature, np.uint16(ALL)) & masks
        return Tree(tables, written["leaf_value"][order])

    def _goes_left(
        self, written: Mapping[str, Floats], node: int, feature: int
    ) -> npt.NDArray[np.bool_]:
        """Of each rank of the feature, the missing one last."""
        kind, threshold = int(written["decision_type"][node]), written["threshold"][node]
        if kind & CATEGORICAL:
            return np.array(
                [*_chosen(written, int(threshold), self._categories[feature] or 0), False]
            )
        thresholds = self.thresholds[feature]
        place = np.searchsorted(thresholds, threshold)
        is_sent = kind & MISSING_KIND == NAN  # where it says; else what is missing is read as 0
        missing = bool(kind & DEFAULT_LEFT) if is_sent else threshold >= 0
        return np.append(np.arange(len(thresholds) + 1) <= place, missing)


def _alike(trees: Sequence[Tree]) -> Iterator[list[Tree]]:
    """Fours, each of trees that add the fewest features to those of the ones before."""
    left = list(trees)
    while left:
        group = [left.pop(0)]
        seen = set(group[0].tables)
        while left and len(group) < TOGETHER:
            near = min(range(len(left)), key=lambda n: len(left[n].tables.keys() - seen))
            group.append(left.pop(near))
            seen |= group[-1].tables.keys()
        yield group


def _group(trees: Sequence[Tree]) -> Group:
    tables: dict[int, Masks] = {}
    for lane, tree in enumerate(trees):
        for feature, masks in tree.tables.items():
            table = tables.setdefault(feature, np.full((len(masks), TOGETHER), ALL, np.uint16))
            table[:, lane] = masks
    if not tables:  # no tree splits: any rank is clipped to this one
        tables[0] = np.full((1, TOGETHER), ALL, np.uint16)
    leaves = np.zeros((TOGETHER, MOST_LEAVES))
    for lane, tree in enumerate(trees):
        leaves[lane, : len(tree.leaves)] = tree.leaves
    return Group(
        tuple((feature, table.view(np.uint64).ravel()) for feature, table in tables.items()),
        (_sums(*leaves[:2]), _sums(*leaves[2:])),
    )


def _sums(first: Floats, second: Floats) -> Floats:
    sums = np.zeros(int(NUMBERS.max()) + 1)
    sums[NUMBERS] = first[PAIRS[:, 0]] + second[PAIRS[:, 1]]
    return sums


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
