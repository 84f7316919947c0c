"""Decisions that a challenger turns, by peer, such as a lender, beside all the others. Pure.

New tables of peers may leave the AUC as it is and turn all decisions of one lender.

A score that moves as all others do does not point to a peer, even if it crosses the cut-off. The
holder of an API key can read scores and fill the log with one lender's applications at the cut-off,
which any new model turns. Applicants cannot choose how far a new model moves their score. So a
turned decision counts only if its score moves apart, or if another rule decides it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.retraining.swap_set import Turned

Document = dict[str, Any]

ORDER = ("DECLINE", "REVIEW", "APPROVE")
APART = 5.0  # points of score beyond the others' mean; docs/decisions/0008 has the reason


@dataclass
class _Count:
    decisions: int = 0
    points: int = 0  # the sum of the moves that are known
    known: int = 0
    flips: list[Turned] = field(default_factory=list)

    def add(self, one: Turned) -> None:
        self.decisions += 1
        if one.points is not None:
            self.points += one.points
            self.known += 1
        if one.before != one.after:
            self.flips.append(one)


def peer_flips(turned: Sequence[Turned]) -> list[Document]:
    """Return a group for each value of each peer, the largest excess first.

    A group has its `decisions`, the share of them that `flipped` in one direction, the share of
    all `others` that did, and the `excess` of the first over the second, for the direction with
    the larger excess.
    """
    everyone = _Count()
    groups: defaultdict[tuple[str, str], _Count] = defaultdict(_Count)
    for one in turned:
        everyone.add(one)
        for peer in one.peers.items():
            groups[peer].add(one)
    found = [
        {"feature": feature, "value": value, **_apart(count, everyone)}
        for (feature, value), count in groups.items()
    ]
    return sorted(found, key=lambda one: (-one["excess"], one["feature"], one["value"]))


def _apart(count: _Count, everyone: _Count) -> Document:
    return max(_directions(count, everyone), key=lambda one: one["excess"])


def _directions(count: _Count, everyone: _Count) -> Iterator[Document]:
    others, known = everyone.decisions - count.decisions, everyone.known - count.known
    level = (everyone.points - count.points) / known if known else 0.0
    own, all_of_them = _steps(count, level), _steps(everyone, level)
    for direction in (1, -1):
        flipped = own.count(direction) / count.decisions
        turned = all_of_them.count(direction) - own.count(direction)
        usual = turned / others if others else 0.0
        found = {"decisions": count.decisions, "flipped": flipped, "others": usual}
        yield found | {"excess": flipped - usual}


def _steps(count: _Count, level: float) -> list[int]:
    """Return 1 for each decision that turns for the better and -1 for the worse, if it moves
    apart.
    """
    return [
        1 if ORDER.index(one.after) > ORDER.index(one.before) else -1
        for one in count.flips
        if one.points is None or abs(one.points - level) > APART
    ]
