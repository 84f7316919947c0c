"""Regions: the sets of applications that a rule's conditions describe. Pure.

A region has one range or one set of values for each input that is limited, and a rule is a union of
regions. Inputs count as independent: what is empty or covered is so for sure, and what overlaps may
have no application in it.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_PIECES = 200  # of a rule that is being cut up; beyond it, nothing is shown of that rule

Cut = tuple[float, int]  # (5, 0) is just before 5, (5, 1) is just after it


class TooManyPieces(Exception):
    """The rules cut one another into too many pieces to say anything of them."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from one cut to another."""

    low: Cut = (-math.inf, 0)
    high: Cut = (math.inf, 1)

    def __bool__(self) -> bool:
        return self.low < self.high

    def __and__(self, other: Any) -> "Range":
        return Range(max(self.low, other.low), min(self.high, other.high))

    def without(self, other: Any) -> Iterator["Range"]:
        yield Range(self.low, min(self.high, other.low))
        yield Range(max(self.low, other.high), self.high)


@dataclass(frozen=True, slots=True)
class Values:
    """Texts: those listed, or, if `others`, all but those listed."""

    listed: frozenset[str] = frozenset()
    others: bool = True

    def __bool__(self) -> bool:
        return self.others or bool(self.listed)

    def __and__(self, other: Any) -> "Values":
        if self.others and other.others:
            return Values(self.listed | other.listed, others=True)
        if self.others:
            return Values(other.listed - self.listed, others=False)
        kept = self.listed - other.listed if other.others else self.listed & other.listed
        return Values(kept, others=False)

    def without(self, other: Any) -> Iterator["Values"]:
        yield self & Values(other.listed, others=not other.others)


Region = Mapping[str, Range | Values]  # by input; one that is not there is not limited


def whole_numbers(found: Range) -> Range:
    """Return the same whole numbers, between cuts that no other range of them has."""
    (low, after_low), (high, after_high) = found.low, found.high
    if math.isfinite(low):
        low, after_low = (math.floor(low) + 1 if after_low else math.ceil(low)), 0
    if math.isfinite(high):
        high, after_high = (math.floor(high) + 1 if after_high else math.ceil(high)), 0
    return Range((low, after_low), (high, after_high))


def both(one: Region, other: Region) -> Region | None:
    """Return what lies in both regions; None if nothing does."""
    met = {**one}
    for name, limited in other.items():
        met[name] = met[name] & limited if name in met else limited
        if not met[name]:
            return None
    return met


def without(regions: Iterable[Region], taken: Sequence[Region], whole: Region) -> list[Region]:
    """Return what is left of regions, in pieces that do not overlap. `whole` has all of each input.

    Raises TooManyPieces.
    """
    left = list(regions)
    for one in taken:
        left = [piece for region in left for piece in _pieces(region, one, whole)]
        if len(left) > MOST_PIECES:
            raise TooManyPieces
    return left


def _pieces(region: Region, taken: Region, whole: Region) -> Iterator[Region]:
    if both(region, taken) is None:
        yield region
        return
    rest = {**region}
    for name, limited in taken.items():
        mine = rest.get(name, whole[name])
        yield from ({**rest, name: piece} for piece in mine.without(limited) if piece)
        rest[name] = mine & limited
