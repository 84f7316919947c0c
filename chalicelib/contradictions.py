"""What in a profile contradicts itself; each is told, with its place."""

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.settings import STAGES

if TYPE_CHECKING:
    from chalicelib.profile import (
        Actionable,
        Canary,
        Decision,
        Derivation,
        Drift,
        Endpoint,
        Feature,
        Gate,
        Profile,
        Score,
        Training,
    )


def contradictions(profile: "Profile") -> Iterator[str]:
    if endless := [*_not_finite(msgspec.to_builtins(profile), "")]:
        yield from (f"{place} must be a finite number" for place in endless)
        return  # nothing can be compared with NaN
    for name, feature in profile.features.items():
        yield from _feature_contradictions(name, feature, profile)
    for name, model in profile.models.items():
        for feature_name in profile.sources_of(model.features):
            if feature_name not in profile.features:
                yield f"models.{name} uses {feature_name}, which is not in [features]"
            elif profile.features[feature_name].protected:
                yield f"models.{name} uses {feature_name}, which is protected and never scored"
    yield from _training_contradictions(profile.training)
    yield from _decision_contradictions(profile.decision, profile)
    yield from _score_contradictions(profile.score)
    yield from _gate_contradictions(profile.gate)
    yield from _stage_contradictions(profile)
    yield from _drift_contradictions(profile.drift)
    if unknown := set(profile.card.segments) - set(profile.features):
        yield f"card.segments names no feature: {', '.join(sorted(unknown))}"


def _not_finite(part: Any, place: str) -> Iterator[str]:
    if isinstance(part, dict | list | tuple):
        parts = part.items() if isinstance(part, dict) else enumerate(part)
        for name, inner in parts:
            yield from _not_finite(inner, f"{place}.{name}" if place else str(name))
    elif isinstance(part, float) and not math.isfinite(part):
        yield place


def _training_contradictions(training: "Training") -> Iterator[str]:
    for name, months in msgspec.structs.asdict(training).items():
        if name.endswith("_months") and months is not None and months < 0:
            yield f"training.{name} must not be below 0"
    if training.half_life_months == 0:
        yield "training.half_life_months must be above 0: at 0 no application would count"


def _decision_contradictions(decision: "Decision", profile: "Profile") -> Iterator[str]:
    if set(decision.weights) != set(profile.models):
        yield "decision.weights must name each model once"
    if any(weight < 0 for weight in decision.weights.values()) or not any(
        decision.weights.values()
    ):
        yield "decision.weights must not be negative, nor all zero"
    if unknown := set(decision.mandatory) - set(profile.models):
        yield f"decision.mandatory names no model: {', '.join(sorted(unknown))}"
    if not 1 <= decision.minimum_models <= len(profile.models):
        yield "decision.minimum_models must be 1 to the number of models"
    if decision.slope <= 0:
        yield "decision.slope must be above 0: a higher logit is a higher probability of default"
    yield from _limit_contradictions(decision)
    if decision.decline_below > decision.approve_from:
        yield "decision.decline_below must not be above decision.approve_from"


def _limit_contradictions(decision: "Decision") -> Iterator[str]:
    for name in ("top_reasons", "maximum_disagreement"):
        if (getattr(decision, name) or 0) < 0:
            yield f"decision.{name} must not be below 0"


def _score_contradictions(score: "Score") -> Iterator[str]:
    for name in ("points_to_double_odds", "base_odds"):
        if not 0 < getattr(score, name) < math.inf:
            yield f"score.{name} must be above 0"


def _gate_contradictions(gate: "Gate") -> Iterator[str]:
    for name, limit in msgspec.structs.asdict(gate).items():
        if limit < 0:
            yield f"gate.{name} must not be below 0"
    if gate.minimum_slope > gate.maximum_slope:
        yield "gate.minimum_slope must not be above gate.maximum_slope"
    for name in ("minimum_auc", "minimum_ks", "minimum_approval_ratio"):
        if getattr(gate, name) >= 1:
            yield f"gate.{name} must be below 1: nothing would ever pass"


def _stage_contradictions(profile: "Profile") -> Iterator[str]:
    for stage in {*STAGES} - {*profile.endpoint}:
        yield f"endpoint.{stage} is missing: memory_mb and max_concurrency of its endpoints"
    for stage, endpoint in profile.endpoint.items():
        yield from _endpoint_contradictions(f"endpoint.{stage}", endpoint)
        if profile.sagemaker.network_isolation and not endpoint.instances:
            yield (
                f"sagemaker.network_isolation needs instances in endpoint.{stage}: AWS has no "
                "serverless endpoints with it"
            )


def _endpoint_contradictions(place: str, endpoint: "Endpoint") -> Iterator[str]:
    serverless = (endpoint.memory_mb, endpoint.max_concurrency)
    if endpoint.instances and serverless != (None, None):
        yield f"{place} is either instances or memory_mb and max_concurrency, not both"
    if not endpoint.instances and None in serverless:
        yield f"{place} needs memory_mb and max_concurrency, or instances"
    if endpoint.canary and not endpoint.instances:
        yield f"{place}.canary needs instances: a serverless endpoint moves all its traffic at once"
    if endpoint.instances and endpoint.instances.count < (2 if endpoint.canary else 1):
        yield f"{place}.instances.count must be 1 or more, and 2 or more for a canary"
    if endpoint.canary:
        count = endpoint.instances.count if endpoint.instances else 0
        yield from _canary_contradictions(f"{place}.canary", endpoint.canary, count)


def _canary_contradictions(place: str, canary: "Canary", count: int) -> Iterator[str]:
    if (canary.share is None) == (canary.instances is None):
        yield f"{place} needs one of share and instances"
    if canary.share is not None and not 0.01 <= canary.share <= 0.5:
        yield f"{place}.share must be 0.01 to 0.5: SageMaker allows half of the capacity at most"
    if canary.instances is not None and not 1 <= canary.instances <= count / 2:
        yield f"{place}.instances must be 1 to half of instances.count"
    if not 0 < canary.bake_seconds <= 3600:
        yield f"{place}.bake_seconds must be 1 to 3600"
    if not canary.alarms:
        yield f"{place}.alarms names none: nothing would ever roll it back"


def _drift_contradictions(drift: "Drift") -> Iterator[str]:
    if not 0 < drift.psi_watch <= drift.psi_limit < math.inf:
        yield "drift.psi_watch must be above 0 and not above drift.psi_limit"
    if drift.fewest < 1:
        yield "drift.fewest must be 1 or more"


def _pattern_fault(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return ""


def _feature_contradictions(name: str, feature: "Feature", profile: "Profile") -> Iterator[str]:
    if feature.pattern is not None and (fault := _pattern_fault(feature.pattern)):
        yield f"features.{name}.pattern is no regular expression: {fault}"
    low, high = feature.minimum, feature.maximum
    if low is not None and high is not None and low > high:
        yield f"features.{name}: the minimum must not be above the maximum"
    if feature.type == "category" and not feature.values:
        yield f"features.{name} is a category without values"
    if feature.monotone and not feature.is_number:
        yield f"features.{name}.monotone: a {feature.type} has no more or less"
    if not all((*msgspec.structs.astuple(feature.title), *msgspec.structs.astuple(feature.reason))):
        yield f"features.{name} needs its title and reason in es and en"
    if feature.change:
        yield from _change_contradictions(name, feature, feature.change)
    if feature.derive:
        yield from _derive_contradictions(name, feature.derive, profile)


def _derive_contradictions(name: str, derive: "Derivation", profile: "Profile") -> Iterator[str]:
    if [derive.ratio, derive.prefix, derive.peers].count(None) != 2:
        yield f"features.{name}.derive must be one of ratio, prefix and peers"
    if (derive.prefix is None) != (derive.length is None):
        yield f"features.{name}.derive needs prefix and length together"
    if derive.measure != "intensity" and not derive.peers:
        yield f"features.{name}.derive measures peers, of which it names none"
    if derive.peers and not profile.snapshot.date:
        yield f"features.{name} looks at peers, which needs snapshot.date"
    for source in derive.sources():
        if source not in profile.features:
            yield f"features.{name} is derived from {source}, which is not in [features]"


def _change_contradictions(name: str, feature: "Feature", change: "Actionable") -> Iterator[str]:
    if feature.derive or feature.protected:
        yield f"features.{name} is derived or protected, so nobody can be told to change it"
    if any(isinstance(value, str) == feature.is_number for value in change.values):
        yield f"features.{name}.actionable: the values must be those of a {feature.type}"
    if not feature.is_number and (change.direction, change.minimum, change.maximum) != (None,) * 3:
        yield f"features.{name}.actionable: a {feature.type} has values, not a direction or bounds"
    if feature.type == "code" and not change.values:
        yield f"features.{name}.actionable must list the values that an applicant can choose"
    if feature.values and (unknown := set(change.values) - set(feature.values)):
        yield f"features.{name}.actionable: {', '.join(map(str, unknown))} is none of its values"
    if feature.is_number:
        yield from _outside(name, feature, change)


def _outside(name: str, feature: "Feature", change: "Actionable") -> Iterator[str]:
    low = -math.inf if feature.minimum is None else feature.minimum
    high = math.inf if feature.maximum is None else feature.maximum
    for value in change.values:
        if not isinstance(value, str) and not low <= value <= high:
            yield f"features.{name}.actionable: {value:,.10g} is outside the feature's own bounds"
