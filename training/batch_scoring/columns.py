"""Columns of many applications by their distinct values: what a value means is found once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.serving.features import NOTHING_KNOWN, Table

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

FEW = 64  # edges: up to here it is quicker to compare with each than to search


@dataclass(frozen=True)
class Coded:
    values: Sequence[str]  # no two alike
    codes: Places  # of each row, its value's place; -1: missing

    def spread(self, meanings: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the meaning of each row.

        `meanings` has one entry a value and, last, one for a missing value.
        """
        return meanings.take(self.codes, mode="wrap")

    def mapped(self, meaning: Callable[[str], str]) -> "Coded":
        codes, values = pd.factorize(np.array([meaning(v) for v in self.values], dtype=object))
        return Coded(list(values), self.spread(np.append(codes, -1)))


def places(edges: Floats, values: Floats) -> Places:
    """Return how many edges are below each value. NaN gets one more than there are edges."""
    if len(edges) > FEW:
        counts = np.searchsorted(edges, values, side="left")
    else:
        below = np.zeros(len(values), dtype=np.uint8)
        for edge in edges:
            below += values > edge
        counts = below.astype(np.intp)
    counts[np.isnan(values)] = len(edges) + 1
    return counts


class Peers:
    """All joined keys of some tables, and which of them a row has."""

    def __init__(self, tables: Sequence[Table], parts: int) -> None:
        self._keys = list(dict.fromkeys(chain.from_iterable(tables)))
        split = [(n, found) for n, key in enumerate(self._keys) for found in _splits(key, parts)]
        self._words: list[dict[str, int]] = [
            {word: n for n, word in enumerate(dict.fromkeys(found[part] for _, found in split))}
            for part in range(parts)
        ]
        place = np.zeros(len(split), dtype=np.int64)
        for part, words in enumerate(self._words):
            numbers = np.array([words[found[part]] for _, found in split], dtype=np.int64)
            place = place * (len(words) + 1) + numbers
        self._places = pd.Index(place)
        self._owners = np.array([n for n, _ in split] + [len(self._keys)], dtype=np.intp)

    def values(self, table: Table) -> Floats:
        """Return the value of each key and, last, the value of any other key."""
        return np.array([table.get(key, NOTHING_KNOWN) for key in self._keys] + [NOTHING_KNOWN])

    def find(self, columns: Sequence[Coded]) -> Coded:
        place = np.zeros(len(columns[0].codes), dtype=np.int64)
        for words, column in zip(self._words, columns, strict=True):
            numbers = [words.get(value, len(words)) for value in column.values]
            place = place * (len(words) + 1) + column.spread(np.array([*numbers, len(words)]))
        codes = self._owners.take(self._places.get_indexer(place), mode="wrap")
        for column in columns:
            codes[column.codes < 0] = -1
        return Coded(self._keys, codes)


def _splits(key: str, parts: int) -> Iterator[tuple[str, ...]]:
    """Yield every split of a joined key into its components, which may hold the separator."""
    bars = [place for place, letter in enumerate(key) if letter == "|"]
    for chosen in combinations(bars, parts - 1):
        yield tuple(key[a + 1 : b] for a, b in pairwise((-1, *chosen, len(key))))
