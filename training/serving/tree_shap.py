"""Contribution of each feature to a sum of trees: exact TreeSHAP in numpy.

A path of a tree ends in a leaf of value v and asks k features, each once it is put together. A row
passes at feature j (o = 1) or does not (o = 0); of the training rows that came there the share z
passes. With each feature known by the chance t, else left to those shares, the leaf gives

    f(t) = v (z_1 + t (o_1 - z_1)) ... (z_k + t (o_k - z_k))

This is the multilinear extension (Owen, Management Science 18, 1972) of the game that TreeSHAP
plays (Lundberg, Erion and Lee, arXiv 1802.03888), so what feature i adds is its share in the
growth of f from t = 0 to 1: the integral of f'. Each share is a polynomial of degree k - 1 in t,
which Gauss and Legendre integrate exactly at k/2 points. So there is one number for each passing
and not passing, path, feature and point, where FastTreeSHAP v2 (Yang, arXiv 2109.09847) and
WOODELF (arXiv 2511.09376) keep one for each set of features that pass.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.serving.tree_text import Floats, Ranks, Tree, UnknownTrees, Ways


@dataclass(frozen=True)
class Path:
    value: float
    asked: dict[int, tuple[float, Ways]]  # by feature: the share z, and the ranks that pass


class TreeShap:
    def __init__(self, trees: Sequence[Tree], ranks: Ranks, features: int) -> None:
        """Prepare the paths of the trees. Raises UnknownTrees."""
        self._count = features
        self.baseline = sum(map(_expected, trees))
        paths = [path for tree in trees if tree.features for path in _paths(tree, ranks)]
        asked = [one for path in paths for one in path.asked.items()]
        self._features = np.array([feature for feature, _ in asked], dtype=np.intp)
        self._lengths = np.array([len(path.asked) for path in paths], dtype=np.intp)
        self._starts = np.cumsum(self._lengths) - self._lengths
        self._places, self._sides = _sides([ways for _, (_, ways) in asked])
        values = np.repeat([path.value for path in paths], self._lengths)
        shares = np.array([share for _, (share, _) in asked], dtype=float)
        longest = int(self._lengths.max(initial=1))
        self._factors, self._gains = _tables(values, shares, points=(longest + 1) // 2)

    def contributions(self, ranks: npt.NDArray[np.intp]) -> Floats:
        """Return each feature's contribution.

        `ranks` has the rank of each feature's value, in order.
        """
        if not len(self._features):  # no tree splits
            return np.zeros(self._count)
        side = self._sides.take(self._places + ranks.take(self._features))
        grown = np.multiply.reduceat(self._factors.take(side, axis=1), self._starts, axis=1)
        added = self._gains.take(side, axis=1)
        added *= np.repeat(grown, self._lengths, axis=1)
        # Weights make floats of it, which numpy's stubs do not know.
        return np.bincount(self._features, added.sum(axis=0), self._count)  # type: ignore[return-value]


def _expected(tree: Tree) -> float:
    if not tree.features:
        return tree.leaf_values[0]
    pairs = zip(tree.leaf_values, tree.leaf_counts, strict=True)
    return sum(value * count for value, count in pairs) / tree.rows(tree.root)


def _paths(tree: Tree, ranks: Ranks) -> Iterator[Path]:
    waiting: list[tuple[int, dict[int, tuple[float, Ways]]]] = [(tree.root, {})]
    while waiting:
        node, asked = waiting.pop()
        if node < 0:
            yield Path(tree.leaf_values[~node], asked)
            continue
        if not tree.counts[node]:
            raise UnknownTrees("no training row came to a split of theirs: train again")
        feature, left = tree.features[node], ranks.goes_left(tree, node)
        share, passing = asked.get(feature, (1.0, np.True_))
        for child, ways in zip(tree.children(node), (left, ~left), strict=True):
            z = share * tree.rows(child) / tree.counts[node]
            waiting.append((child, {**asked, feature: (z, passing & ways)}))


def _sides(
    passing: Sequence[Ways],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return where the ranks of each path's feature begin in the tables' columns."""
    if not passing:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    sizes = np.array([len(ways) for ways in passing], dtype=np.intp)
    own = np.repeat(np.arange(len(passing)), sizes)
    return np.cumsum(sizes) - sizes, own + len(passing) * np.concatenate(passing)


def _tables(values: Floats, shares: Floats, points: int) -> tuple[Floats, Floats]:
    """Return each feature's factor of f, and the factor that turns f into the feature's share.

    A row is a point. The first columns are for values that do not pass, the others for those that
    do.
    """
    at, weights = np.polynomial.legendre.leggauss(points)
    t, w = (at[:, None] + 1) / 2, weights[:, None] / 2
    passing = shares + t * (1 - shares)
    factors = np.hstack([shares * (1 - t), passing])
    gains = np.hstack([values * -w / (1 - t), values * w * (1 - shares) / passing])
    return factors, gains
