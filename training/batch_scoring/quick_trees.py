"""Trees for many rows at once: QuickScorer (Lucchese et al., SIGIR 2015) in numpy.

A tree's leaves are bits, from left to right. A split that sends a row to the right rules out the
leaves on its left; of the bits that are left the lowest is the row's leaf. So a tree is a few table
look-ups a feature, by the rank of the row's value. A tree with more leaves than bits is cut into
pieces; a row that does not come to a piece is left with its last bit, which is worth nothing. Four
pieces that look at much the same features share them: each has a quarter of a word of 64 bits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from training.serving.tree_text import Floats, Ranks, Tree, Ways

RankArray = npt.NDArray[np.intp]
Masks = npt.NDArray[np.uint16]

MOST_LEAVES = 16
ALL = 0xFFFF
ELSEWHERE = 1 << (MOST_LEAVES - 1)  # the bit of a piece's rows that do not come to it
TOGETHER = 4
BLOCK = 1 << 14  # rows whose ranks fit into a cache

# Two trees' leaves as two bytes, and those read as one number.
PAIRS = np.indices((MOST_LEAVES, MOST_LEAVES)).reshape(2, -1).T.astype(np.uint8).copy()
NUMBERS = PAIRS.view(np.uint16).ravel()


@dataclass
class Piece:
    tables: dict[int, Masks] = field(default_factory=dict)  # by feature: what each rank leaves
    leaves: list[float] = field(default_factory=list)

    def narrow(self, feature: int, masks: Masks) -> None:
        self.tables[feature] = self.tables.get(feature, np.uint16(ALL)) & masks


@dataclass(frozen=True)
class Group:
    tables: tuple[tuple[int, npt.NDArray[np.uint64]], ...]  # as a piece's, of four pieces
    sums: tuple[Floats, Floats]  # of each two pieces' leaves, by their number


class QuickTrees:
    def __init__(self, trees: Sequence[Tree], ranks: Ranks) -> None:
        pieces = [piece for tree in trees for piece in _pieces(tree, ranks)]
        self._groups = [*map(_group, _alike(pieces))]

    def logits(self, ranks: Sequence[RankArray]) -> Floats:
        """Return the logit of each row from the ranks of its values, feature by feature."""
        starts = range(0, len(ranks[0]), BLOCK)
        blocks = [self._block([r[start : start + BLOCK] for r in ranks]) for start in starts]
        return np.concatenate(blocks) if blocks else np.empty(0)

    def _block(self, ranks: Sequence[RankArray]) -> Floats:
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


def _pieces(tree: Tree, ranks: Ranks) -> Iterator[Piece]:
    sizes = _sizes(tree)
    if sizes[tree.root] <= MOST_LEAVES:
        yield _piece(tree, tree.root, {}, ranks)
        return
    waiting: list[tuple[int, dict[int, Ways]]] = [(tree.root, {})]
    while waiting:
        node, coming = waiting.pop()
        if sizes[node] < MOST_LEAVES:  # a bit is left for those elsewhere
            yield _piece(tree, node, coming, ranks)
            continue
        feature, left = tree.features[node], ranks.goes_left(tree, node)
        for child, ways in zip(tree.children(node), (left, ~left), strict=True):
            waiting.append((child, {**coming, feature: coming.get(feature, np.True_) & ways}))


def _sizes(tree: Tree) -> dict[int, int]:
    """Return the number of leaves below each node."""
    sizes = {~leaf: 1 for leaf in range(len(tree.leaf_values))}
    order = [tree.root]
    for node in order:
        order += tree.children(node) if node >= 0 else ()
    for node in reversed(order):
        if node >= 0:
            sizes[node] = sum(sizes[child] for child in tree.children(node))
    return sizes


def _piece(tree: Tree, root: int, coming: dict[int, Ways], ranks: Ranks) -> Piece:
    """Build the piece with the leaves below a node.

    `coming` has the ranks by which a row reaches the node.
    """
    piece = Piece()
    for feature, ways in coming.items():
        piece.narrow(feature, np.where(ways, ALL, ELSEWHERE).astype(np.uint16))

    def below(node: int) -> int:
        if node < 0:
            piece.leaves.append(tree.leaf_values[~node])
            return 1 << (len(piece.leaves) - 1)
        left = below(tree.left[node])
        masks = np.where(ranks.goes_left(tree, node), ALL, ALL & ~left)
        piece.narrow(tree.features[node], masks.astype(np.uint16))
        return left | below(tree.right[node])

    below(root)
    return piece


def _alike(trees: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Yield groups of four trees.

    Each tree of a group adds the fewest features to those of the trees before it.
    """
    left = list(trees)
    while left:
        group = [left.pop(0)]
        seen = set(group[0].tables)
        while left and len(group) < TOGETHER:
            near = min(range(len(left)), key=lambda n: len(left[n].tables.keys() - seen))
            group.append(left.pop(near))
            seen |= group[-1].tables.keys()
        yield group


def _group(trees: Sequence[Piece]) -> Group:
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
