"""Measurements of one server by one number of clients, and their medians over rounds. Pure."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True)
class Figures:
    """Milliseconds, requests a second, megabytes, kilobytes, seconds; `others` is the share of the
    processors that other processes of the machine had meanwhile.
    """

    p50: float
    p95: float
    p99: float
    rate: float
    cpu: float  # of the server's process tree, a request
    memory: float  # of the tree; shared pages are divided among those that share them
    growth: float  # of the memory, a stored decision
    start: float  # until the first answer
    generator: float  # what the generator of load costs, a request
    others: float


@dataclass(frozen=True)
class Measured:
    """One round's figures."""

    name: str
    clients: int
    answers: int
    figures: Figures

    def shown(self) -> str:
        one = self.figures
        return (
            f"{self.clients:3} clients  p50 {one.p50:7.1f} ms  p99 {one.p99:7.1f} ms  "
            f"{one.rate:7.1f}/s  {one.cpu:6.2f} ms of processor  {one.memory:6.0f} MB"
        )


@dataclass(frozen=True)
class Medians:
    """Medians over rounds, each figure by itself."""

    name: str
    clients: int
    rounds: int
    answers: int  # of all rounds
    figures: Figures


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least a `share` of the values do not exceed.

    >>> percentile([4, 1, 3, 2], 0.5), percentile([4, 1, 3, 2], 0.99), percentile([7], 0.5)
    (2, 4, 7)
    """
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def medians(measured: Iterable[Measured]) -> list[Medians]:
    """Return the medians of each server and number of clients, in the order of first appearance."""
    groups: dict[tuple[str, int], list[Measured]] = {}
    for one in measured:
        groups.setdefault((one.name, one.clients), []).append(one)
    return [
        Medians(name, clients, len(rounds), sum(one.answers for one in rounds), _median(rounds))
        for (name, clients), rounds in groups.items()
    ]


def _median(rounds: Sequence[Measured]) -> Figures:
    every = [asdict(one.figures) for one in rounds]
    return Figures(
        **{one.name: statistics.median(row[one.name] for row in every) for one in fields(Figures)}
    )


@dataclass(frozen=True)
class Ratios:
    """Our figures divided by a peer's. Of a rate more than 1 is better, of all others less."""

    p50: float
    p99: float
    rate: float
    cpu: float
    memory: float
    start: float


def ratios(ours: Figures, peer: Figures) -> Ratios:
    return Ratios(
        **{one.name: getattr(ours, one.name) / getattr(peer, one.name) for one in fields(Ratios)}
    )
