"""Three scores, one decision and its reasons. Pure."""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from chalicelib.profile import Language, Profile, Score


class Scored(msgspec.Struct, frozen=True, tag_field="status", tag="OK", rename="camel"):
    """A model's answer: `baseline` and contributions, in log-odds of default, sum to its logit."""

    version: str
    sha256: str
    probability_of_default: float
    baseline: float
    contributions: dict[str, float]


class Unavailable(msgspec.Struct, frozen=True, tag_field="status", tag="UNAVAILABLE"):
    """What Step Functions caught: `Error` is an exception's name, `Cause` its text or JSON."""

    error: dict[str, str]

    def cause(self) -> str:
        name, text = self.error.get("Error", "Unknown"), self.error.get("Cause", "")
        with suppress(ValueError, KeyError, TypeError):  # not every Cause is a Lambda's JSON
            text = json.loads(text)["errorMessage"]
        return f"{name}: {text}" if text else name


Answer = Scored | Unavailable


def decide(
    answers: Mapping[str, Answer],
    profile: Profile,
    language: Language,
    *,
    review_only: bool = False,
) -> dict[str, Any]:
    """The decision part of a prediction. Each model of the profile has an answer in `answers`."""
    scored = {name: answer for name, answer in answers.items() if isinstance(answer, Scored)}
    logit, contributions = _blend(scored, profile)
    basis = "REVIEW_ONLY" if review_only else _basis(scored, profile)
    points = None if logit is None else score(logit, profile.score)
    probability = None if logit is None else 1 / (1 + math.exp(-logit))
    return {
        "decision": "REVIEW" if points is None or basis != "SCORE" else _cut(points, profile),
        "decisionBasis": basis,
        "probabilityOfDefault": probability,
        "score": points,
        "reasons": reasons(contributions, profile, language),
        "models": {name: _model(answer, profile, language) for name, answer in answers.items()},
        "policyVersion": profile.policy_version(),
    }


def score(logit: float, scale: Score) -> int:
    """
    The points of a log-odds of default: `points_to_double_odds` more, and the odds have doubled.

    >>> scale = Score(points_to_double_odds=20, base_points=600, base_odds=50)
    >>> score(-math.log(50), scale), score(-math.log(100), scale)
    (600, 620)
    """
    return round(scale.base_points - _factor(scale) * (logit + math.log(scale.base_odds)))


def reasons(
    contributions: Mapping[str, float], profile: Profile, language: Language
) -> list[dict[str, Any]]:
    """What cost the most points, the worst first; never what helped."""
    factor = _factor(profile.score)
    cost = {name: round(-factor * logit) for name, logit in contributions.items()}
    worst = sorted(cost, key=lambda name: (-contributions[name], name))
    return [
        {
            "feature": name,
            "points": cost[name],
            "text": profile.features[name].reason.said_in(language),
        }
        for name in worst[: profile.decision.top_reasons]
        if cost[name] < 0
    ]


def _factor(scale: Score) -> float:
    """Points a unit of log-odds."""
    return scale.points_to_double_odds / math.log(2)


def _blend(scored: Mapping[str, Scored], profile: Profile) -> tuple[float | None, dict[str, float]]:
    """The weighted mean of the logits of those that answered, and of their contributions."""
    weights = {name: profile.decision.weights[name] for name in scored}
    total = sum(weights.values())
    if not total:
        return None, {}
    logit = profile.decision.intercept
    contributions: dict[str, float] = {}
    for name, answer in scored.items():
        share = weights[name] / total
        logit += share * (answer.baseline + math.fsum(answer.contributions.values()))
        for feature, value in answer.contributions.items():
            contributions[feature] = contributions.get(feature, 0.0) + share * value
    return logit, contributions


def _basis(scored: Mapping[str, Scored], profile: Profile) -> str:
    """The partial-answer policy: why the score may decide, or may not."""
    if not set(profile.decision.mandatory) <= set(scored):
        return "MANDATORY_MODEL_UNAVAILABLE"
    if len(scored) < profile.decision.minimum_models:
        return "TOO_FEW_MODELS"
    return "SCORE"


def _cut(points: int, profile: Profile) -> str:
    if points >= profile.decision.approve_from:
        return "APPROVE"
    return "DECLINE" if points < profile.decision.decline_below else "REVIEW"


def _model(answer: Answer, profile: Profile, language: Language) -> dict[str, Any]:
    if isinstance(answer, Unavailable):
        return {"status": "UNAVAILABLE", "cause": answer.cause()}
    logit = answer.baseline + math.fsum(answer.contributions.values())
    return {
        "status": "OK",
        "version": answer.version,
        "sha256": answer.sha256,
        "probabilityOfDefault": answer.probability_of_default,
        "score": score(logit, profile.score),
        "reasons": reasons(answer.contributions, profile, language),
    }
