"""The swap set of two policies: stored decisions that another policy turns. Pure."""

import math
from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

import msgspec

from chalicelib.decisions.application import Value
from chalicelib.decisions.decision import weigh
from chalicelib.profile import Policy
from chalicelib.retraining.swap_set import ModelAnswer, Recent, Turned, answer_of, swap_set

Document = dict[str, Any]

DECISIONS = ("APPROVE", "REVIEW", "DECLINE")


class Decided(msgspec.Struct, frozen=True, rename="camel"):
    """A stored decision: the application, and what the models answered then."""

    prediction_id: str
    application: dict[str, Value]
    models: dict[str, ModelAnswer]


class Predictions(Protocol):
    def newest_of_all(self, count: int, today: date) -> list[Document]: ...


def newest_decided(predictions: Predictions, today: date, count: int) -> list[Decided]:
    """Return the bank's newest decisions, as far as a policy needs them."""
    return msgspec.convert(predictions.newest_of_all(count, today), list[Decided])


def policy_swap_set(decided: Sequence[Decided], before: Policy, after: Policy) -> Document:
    """Decide again by both policies, with the models' answers of that day. Review-only switches
    do not count.
    """
    made = [(_again(one, before), _again(one, after)) for one in decided]
    turned = [_turned(*pair) for pair in made]
    recent = [Recent(one.prediction_id, one.models, 0.0) for one in decided]
    return {
        "before": _summary(before, [was for was, _ in made]),
        "after": _summary(after, [now for _, now in made]),
        "swapSet": swap_set(recent, turned),
    }


def _turned(was: Document, now: Document) -> Turned:
    risk = now["probabilityOfDefault"] or 0.0
    return Turned(was["decision"], now["decision"], risk, {}, None, {}, None)


def _again(one: Decided, policy: Policy) -> Document:
    answers = {name: answer_of(answer, seen=False) for name, answer in one.models.items()}
    return weigh(one.application, answers, policy)


def _summary(policy: Policy, made: Sequence[Document]) -> Document:
    """Return how many of each decision a policy makes, and the expected bad rate of approvals."""
    counts = {name: sum(one["decision"] == name for one in made) for name in DECISIONS}
    risks = [one["probabilityOfDefault"] for one in made if one["decision"] == "APPROVE"]
    expected = math.fsum(risks) / len(risks) if risks else None
    return {"policy": policy.version(), "decisions": counts, "expectedBadRate": expected}
