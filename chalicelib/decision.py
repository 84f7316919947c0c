"""Three scores, one decision and its reasons. Pure."""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.profile import Decision, Policy, Profile, Score
from chalicelib.text import Language

Document = dict[str, Any]


class Scored(msgspec.Struct, frozen=True, tag_field="status", tag="OK", rename="camel"):
    """
    A model's answer: `baseline` and contributions, in log-odds of default, sum to its logit.
    `unseen` are the features whose code no loan had that it knows of.
    """

    version: str
    sha256: str
    probability_of_default: float
    baseline: float
    contributions: dict[str, float]
    unseen: tuple[str, ...] = ()


class Unavailable(msgspec.Struct, frozen=True, tag_field="status", tag="UNAVAILABLE"):
    """What Step Functions caught: `Error` is an exception's name, `Cause` its text or JSON."""

    error: dict[str, str]

    def cause(self) -> str:
        name, text = self.error.get("Error", "Unknown"), self.error.get("Cause", "")
        with suppress(ValueError, KeyError, TypeError):  # not every Cause is a Lambda's JSON
            text = json.loads(text)["errorMessage"]
        return f"{name}: {text}" if text else name


Answer = Scored | Unavailable


@dataclass(frozen=True, slots=True)
class Blend:
    """The decision's logit: the baseline and each feature's contribution sum to it."""

    baseline: float
    contributions: dict[str, float]

    @property
    def logit(self) -> float:
        return math.fsum((self.baseline, *self.contributions.values()))


def decide(
    answers: Mapping[str, Answer],
    profile: Profile,
    language: Language,
    *,
    review_only: bool = False,
) -> Document:
    """The decision part of a prediction. Each model of the profile has an answer in `answers`."""
    decided = weigh(answers, profile.policy, review_only=review_only)
    for part in (decided, *decided["models"].values()):
        for reason in part.get("reasons", ()):
            reason["text"] = profile.features[reason["feature"]].reason.said_in(language)
    return decided


def weigh(answers: Mapping[str, Answer], policy: Policy, *, review_only: bool = False) -> Document:
    """
    The decision without its texts: all that the policy and the models' answers determine.

    `disagreement` is the spread of the models that answered, in points: the highest score less the
    lowest, as they are shown. Its limit is `maximum_disagreement`. `unseen` are the features of
    `review_unseen` whose code is new to one of them.
    """
    models = {name: _model(answer, policy) for name, answer in answers.items()}
    scored = {name: answer for name, answer in answers.items() if isinstance(answer, Scored)}
    scores = [models[name]["score"] for name in scored]
    apart = max(scores) - min(scores) if scores else None
    mixed = blend(scored, policy.decision)
    points = score(mixed.logit, policy.score) if mixed else None
    unseen = _unseen(scored, policy.decision)
    basis = "REVIEW_ONLY" if review_only else _basis(scored, unseen, apart, policy.decision)
    return {
        "decision": "REVIEW" if points is None or basis != "SCORE" else _cut(points, policy),
        "decisionBasis": basis,
        "probabilityOfDefault": 1 / (1 + math.exp(-mixed.logit)) if mixed else None,
        "score": points,
        "disagreement": apart,
        **({"unseen": unseen} if unseen else {}),
        "reasons": reasons(mixed.contributions, policy) if mixed else [],
        "models": models,
        "policyVersion": policy.version(),
    }


def score(logit: float, scale: Score) -> int:
    """
    The points of a log-odds of default: `points_to_double_odds` more, and the odds have doubled.

    >>> scale = Score(points_to_double_odds=20, base_points=600, base_odds=50)
    >>> score(-math.log(50), scale), score(-math.log(100), scale)
    (600, 620)
    """
    return round(scale.base_points - _factor(scale) * (logit + math.log(scale.base_odds)))


def reasons(contributions: Mapping[str, float], policy: Policy) -> list[Document]:
    """What cost the most points, the worst first; never what helped. The points are rounded."""
    factor = _factor(policy.score)
    cost = {name: round(-factor * logit) for name, logit in contributions.items()}
    worst = sorted(cost, key=lambda name: (-contributions[name], name))
    shown = worst[: policy.decision.top_reasons]
    return [{"feature": name, "points": cost[name]} for name in shown if cost[name] < 0]


def blend(scored: Mapping[str, Scored], decision: Decision) -> Blend | None:
    """The weighted mean of the logits of those that answered, and of their contributions."""
    weights = {name: decision.weights[name] for name in scored}
    total = math.fsum(weights.values())
    if not total:
        return None
    parts: dict[str, list[float]] = {}
    baselines = [decision.intercept]
    for name, answer in scored.items():
        share = decision.slope * weights[name] / total
        baselines.append(share * answer.baseline)
        for feature, value in answer.contributions.items():
            parts.setdefault(feature, []).append(share * value)
    contributions = {feature: math.fsum(values) for feature, values in parts.items()}
    return Blend(math.fsum(baselines), contributions)


def _factor(scale: Score) -> float:
    """Points a unit of log-odds."""
    return scale.points_to_double_odds / math.log(2)


def _unseen(scored: Mapping[str, Scored], decision: Decision) -> list[str]:
    found = {name for answer in scored.values() for name in answer.unseen}
    return sorted(found & {*decision.review_unseen})


def _basis(
    scored: Mapping[str, Scored], unseen: list[str], apart: int | None, decision: Decision
) -> str:
    """The partial-answer policy: why the score may decide, or may not."""
    if not set(decision.mandatory) <= set(scored):
        return "MANDATORY_MODEL_UNAVAILABLE"
    if len(scored) < decision.minimum_models:
        return "TOO_FEW_MODELS"
    if unseen:
        return "UNSEEN_CODE"
    limit = decision.maximum_disagreement
    if limit is not None and apart is not None and apart > limit:
        return "MODELS_DISAGREE"
    return "SCORE"


def _cut(points: int, policy: Policy) -> str:
    if points >= policy.decision.approve_from:
        return "APPROVE"
    return "DECLINE" if points < policy.decision.decline_below else "REVIEW"


def _model(answer: Answer, policy: Policy) -> Document:
    if isinstance(answer, Unavailable):
        return {"status": "UNAVAILABLE", "cause": answer.cause()}
    logit = answer.baseline + math.fsum(answer.contributions.values())
    return {
        "status": "OK",
        "version": answer.version,
        "sha256": answer.sha256,
        "probabilityOfDefault": answer.probability_of_default,
        "score": score(logit, policy.score),
        "reasons": reasons(answer.contributions, policy),
        **({"unseen": [*answer.unseen]} if answer.unseen else {}),
    }
