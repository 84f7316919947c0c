"""The swap set: applications that a challenger decides otherwise. Pure.

APPROVE is a yes; REVIEW and DECLINE are a no.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.decisions.application import Value
from chalicelib.decisions.decision import weigh
from chalicelib.profile import Policy
from chalicelib.scoring.branch_results import Answer, Scored, Skipped, Unavailable

Document = dict[str, Any]

NINETY_FIVE = 1.959963984540054  # standard deviations
YES = "APPROVE"
SMALLEST = 1e-15  # a probability that floats still tell from 0 and 1


class ModelAnswer(msgspec.Struct, frozen=True, rename="camel"):
    status: str
    probability_of_default: float | None = None
    unseen: tuple[str, ...] = ()
    consent: str | None = None  # of a model that was skipped: the one that it lacked


class Recent(msgspec.Struct, frozen=True, rename="camel"):
    """A stored decision: the models' answers, the challenger's logit, and its unseen features.

    `application` has what the policy's rules read.
    """

    prediction_id: str
    models: dict[str, ModelAnswer]
    challenger: float
    segments: dict[str, str] = {}
    outcome: str | None = None
    unseen: tuple[str, ...] = ()
    peers: dict[str, str] = {}
    application: dict[str, Value] = {}


@dataclass(frozen=True, slots=True)
class Turned:
    before: str
    after: str
    probability: float  # of default, by the decision with the challenger in it
    segments: Mapping[str, str]
    bad: bool | None  # if it is known
    peers: Mapping[str, str]
    points: int | None  # of the score, after less before; None: another rule decides than did


def swap_set(recent: Sequence[Recent], turned: Sequence[Turned]) -> Document:
    """Return a summary of the decisions that turn."""
    moves = Counter((one.before, one.after) for one in turned)
    return {
        "decisions": len(turned),
        "leftOut": len(recent) - len(turned),
        "moves": [
            {"before": before, "after": after, "count": count}
            for (before, after), count in sorted(moves.items())
        ],
        "yesToNo": _group([one for one in turned if one.before == YES != one.after]),
        "noToYes": _group([one for one in turned if one.before != YES == one.after]),
    }


def wilson(bads: float, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate (Wilson 1927).

    >>> [round(end, 4) for end in wilson(5, 100)]
    [0.0215, 0.1118]
    """
    if not rows:
        return 0.0, 1.0
    rate, squared = bads / rows, NINETY_FIVE**2
    middle = (rate + squared / (2 * rows)) / (1 + squared / rows)
    spread = rate * (1 - rate) / rows + squared / (4 * rows**2)
    half = NINETY_FIVE * math.sqrt(spread) / (1 + squared / rows)
    return max(0.0, middle - half), min(1.0, middle + half)


def turns(
    recent: Iterable[Recent], model: str, policy: Policy, *, alone: bool = False
) -> Iterator[Turned]:
    """Decide each application again with the challenger in place of its model.

    Both decisions use today's policy, and the models that answered then. With `alone`, unseen
    codes of the other models do not count, as if all had been trained again.
    """
    for one in recent:
        before = {
            name: answer_of(answer, seen=alone and name != model)
            for name, answer in one.models.items()
        }
        if not isinstance(before.get(model), Scored):
            continue
        challenged = {**before, model: _scored(one.challenger, one.unseen)}
        was = weigh(one.application, before, policy)
        after = weigh(one.application, challenged, policy)
        yield Turned(
            was["decision"],
            after["decision"],
            after["probabilityOfDefault"] or 0.0,
            one.segments,
            None if one.outcome is None else one.outcome == "defaulted",
            one.peers,
            _points(was, after),
        )


def _points(before: Document, after: Document) -> int | None:
    scores: tuple[int | None, int | None] = before["score"], after["score"]
    if before["decisionBasis"] != after["decisionBasis"] or None in scores:
        return None
    moved: int = after["score"] - before["score"]
    return moved


def answer_of(answer: ModelAnswer, *, seen: bool) -> Answer:
    """Return a stored answer as `weigh` takes it; `seen`: its unseen codes do not count."""
    if answer.consent is not None:
        return Skipped(answer.consent)
    probability = answer.probability_of_default
    if answer.status != "OK" or probability is None:
        return Unavailable({"Error": answer.status})
    inside = min(max(probability, SMALLEST), 1 - SMALLEST)
    return _scored(math.log(inside / (1 - inside)), () if seen else answer.unseen)


def _scored(logit: float, unseen: tuple[str, ...]) -> Scored:
    """Return an answer with this logit. Contributions are only for reasons, so there are none."""
    return Scored("", "", 1 / (1 + math.exp(-logit)), logit, {}, unseen)


def _group(turned: list[Turned]) -> Document:
    known = [one.bad for one in turned if one.bad is not None]
    counts: dict[str, Counter[str]] = {}
    for one in turned:
        for feature, value in one.segments.items():
            counts.setdefault(feature, Counter())[value] += 1
    return {
        "count": len(turned),
        "expected": _rate(math.fsum(one.probability for one in turned), len(turned)),
        "observed": _rate(sum(known), len(known)),
        "segments": {
            feature: [{"value": value, "count": n} for value, n in _commonest(counted)]
            for feature, counted in sorted(counts.items())
        },
    }


def _commonest(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def _rate(bads: float, rows: int) -> Document | None:
    if not rows:
        return None
    low, high = wilson(bads, rows)
    return {"rows": rows, "rate": bads / rows, "low": low, "high": high}
