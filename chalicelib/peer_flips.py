"""Whose decisions a challenger would change: of each peer, such as a lender, beside all the others.
Pure. New tables of peers may leave the AUC as it is and turn all that one lender brings."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.swap_set import Turned

Document = dict[str, Any]

ORDER = ("DECLINE", "REVIEW", "APPROVE")


@dataclass
class _Count:
    decisions: int = 0
    better: int = 0
    worse: int = 0

    def add(self, one: Turned) -> None:
        step = ORDER.index(one.after) - ORDER.index(one.before)
        self.decisions += 1
        self.better += step > 0
        self.worse += step < 0


def peer_flips(turned: Sequence[Turned]) -> list[Document]:
    """Return a group for each value of each peer: its `decisions`, the share of them that
    `flipped` in one direction, the share of all `others` that did, and the `excess` of the first
    over the second, in the direction in which that is largest; the largest first."""
    everyone = _Count()
    groups: defaultdict[tuple[str, str], _Count] = defaultdict(_Count)
    for one in turned:
        everyone.add(one)
        for peer in one.peers.items():
            groups[peer].add(one)
    found = [
        {
            "feature": feature,
            "value": value,
            "decisions": count.decisions,
            **_apart(count, everyone),
        }
        for (feature, value), count in groups.items()
    ]
    return sorted(found, key=lambda one: (-one["excess"], one["feature"], one["value"]))


def _apart(count: _Count, everyone: _Count) -> Document:
    return max(_directions(count, everyone), key=lambda one: one["excess"])


def _directions(count: _Count, everyone: _Count) -> Iterator[Document]:
    others = everyone.decisions - count.decisions
    for turned, of_all in ((count.better, everyone.better), (count.worse, everyone.worse)):
        flipped = turned / count.decisions
        usual = (of_all - turned) / others if others else 0.0
        found = {"decisions": count.decisions, "flipped": flipped, "others": usual}
        yield found | {"excess": flipped - usual}
