"""The outcome that counts, if several were reported for one decision. Pure.

A trusted source's outcomes go before a limited source's. The newest of them counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chalicelib.decisions.outcome_rules import (
    LIMITED,
    counting_outcome,
    recorded_source,
    trust_of,
)

Item = dict[str, Any]
Rules = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Settled:
    """`outcome` is None while nothing that was reported counts."""

    outcome: Item | None
    contradicted: bool  # the newest outcomes of two sources differ
    reversed: bool  # a later report took back an earlier change of the outcome


def settled(decision: Item, outcomes: Sequence[Item], rules: Rules) -> Settled:
    """Settle a decision's outcome by its `outcomes`, the oldest first.

    `decision` has the `finalDecision`: what a person decided, if a person did.
    """
    newest = {recorded_source(one): one["outcome"] for one in outcomes}
    return Settled(
        counting_outcome(decision["finalDecision"], outcomes, rules),
        len({*newest.values()}) > 1,
        _turns(outcomes) > 1,
    )


def earlier_loans(outcomes: Sequence[Item], of: str, rules: Rules) -> int:
    """Count the client's decisions that a limited source reported before it reported `of`."""
    seen: dict[str, None] = {}
    for one in outcomes:
        if trust_of(recorded_source(one), rules) == LIMITED:
            seen.setdefault(one["of"], None)
    return list(seen).index(of) if of in seen else 0


def _turns(outcomes: Sequence[Item]) -> int:
    said = [one["outcome"] for one in outcomes]
    return sum(before != after for before, after in pairwise(said))
