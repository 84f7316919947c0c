"""Contradictions of a profile, each named with its place."""

import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from chalicelib.profile.contradictions.api_contradictions import of_api
from chalicelib.profile.contradictions.endpoint_contradictions import of_stages
from chalicelib.profile.contradictions.evidence_contradictions import of_evidence
from chalicelib.profile.contradictions.feature_contradictions import of_feature
from chalicelib.profile.contradictions.offer_contradictions import of_offer
from chalicelib.profile.contradictions.retention_contradictions import of_retention
from chalicelib.profile.contradictions.review_contradictions import of_review
from chalicelib.profile.contradictions.rule_contradictions import of_rules
from chalicelib.profile.schema import Inventory, Profile
from chalicelib.profile.tables.policy_tables import Decision, Score
from chalicelib.profile.tables.retraining_tables import Drift, Gate, Outcomes, Training

CONSENT = re.compile(r"[a-z][a-z0-9-]{0,31}")
LONGEST_CONTEST = 3_650  # days


def contradictions(profile: Profile) -> Iterator[str]:
    if endless := [*_not_finite(msgspec.to_builtins(profile), "")]:
        yield from (f"{place} must be a finite number" for place in endless)
        return  # nothing can be compared with NaN
    for name, feature in profile.features.items():
        yield from of_feature(name, feature, profile)
    yield from _model_contradictions(profile)
    yield from _training_contradictions(profile.training)
    yield from _decision_contradictions(profile.decision, profile)
    yield from _score_contradictions(profile.score)
    yield from of_rules(profile)
    yield from of_offer(profile)
    yield from of_review(profile)
    yield from _gate_contradictions(profile.gate)
    yield from of_stages(profile)
    yield from of_api(profile)
    yield from of_evidence(profile)
    yield from of_retention(profile)
    yield from _drift_contradictions(profile.drift)
    yield from _card_contradictions(profile)
    yield from _outcome_contradictions(profile.outcomes, profile)
    if not 1 <= profile.rights.contest_days <= LONGEST_CONTEST:
        yield f"rights.contest_days must be 1 to {LONGEST_CONTEST:,}"


def _model_contradictions(profile: Profile) -> Iterator[str]:
    for name, model in profile.models.items():
        for feature_name in profile.sources_of(model.features):
            if feature_name not in profile.features:
                yield f"models.{name} uses {feature_name}, which is not in [features]"
            elif profile.features[feature_name].protected:
                yield f"models.{name} uses {feature_name}, which is protected and never scored"
        if model.consent is not None and not CONSENT.fullmatch(model.consent):
            yield f"models.{name}.consent must be a-z, then at most 31 of a-z, 0-9 and -"
        if model.inventory:
            yield from _inventory_contradictions(name, model.inventory)


def _inventory_contradictions(name: str, inventory: Inventory) -> Iterator[str]:
    place = f"models.{name}.inventory"
    for field in ("owner", "developer", "validator"):
        if not getattr(inventory, field).strip():
            yield f"{place}.{field} is empty"
    if inventory.validator.strip().casefold() == inventory.developer.strip().casefold():
        yield f"{place}: {inventory.developer} can't validate what they develop: name another"


def _card_contradictions(profile: Profile) -> Iterator[str]:
    limited = {name for limit in profile.card.limits for name in limit.features}
    for part, named in (("segments", {*profile.card.segments}), ("limits", limited)):
        if unknown := named - set(profile.features):
            yield f"card.{part} names no feature: {', '.join(sorted(unknown))}"
    protected = {name for name, feature in profile.features.items() if feature.protected}
    for name in sorted(protected | {*profile.card.segments}):
        derive = profile.features[name].derive if name in profile.features else None
        if derive and derive.peers:
            yield f"card.segments can't be peers, nor can protected features: take {name} out"


def _not_finite(part: Any, place: str) -> Iterator[str]:
    if isinstance(part, dict | list | tuple):
        parts = part.items() if isinstance(part, dict) else enumerate(part)
        for name, inner in parts:
            yield from _not_finite(inner, f"{place}.{name}" if place else str(name))
    elif isinstance(part, float) and not math.isfinite(part):
        yield place


def _training_contradictions(training: Training) -> Iterator[str]:
    for name, months in msgspec.structs.asdict(training).items():
        if name.endswith("_months") and months is not None and months < 0:
            yield f"training.{name} must not be below 0"
    if training.seen_loans < 1:
        yield "training.seen_loans must be 1 or more"
    if training.half_life_months == 0:
        yield "training.half_life_months must be above 0: at 0 no application would count"


def _decision_contradictions(decision: Decision, profile: Profile) -> Iterator[str]:
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
    if not 0 <= decision.minimum_weight <= 1:
        yield "decision.minimum_weight must be 0 to 1, a share of the models' weights"
    if decision.slope <= 0:
        yield "decision.slope must be above 0: a higher logit is a higher probability of default"
    yield from _limit_contradictions(decision)
    yield from _unseen_contradictions(decision, profile)
    if decision.decline_below > decision.approve_from:
        yield "decision.decline_below must not be above decision.approve_from"


def _unseen_contradictions(decision: Decision, profile: Profile) -> Iterator[str]:
    features, named = profile.asked_for(), set(decision.review_unseen)
    codes = {name for name, feature in features.items() if feature.type == "code"}
    if others := named - codes:
        yield f"decision.review_unseen names no code that is asked for: {', '.join(sorted(others))}"
    if silent := {name for name in named & codes if not features[name].required}:
        told = ", ".join(sorted(silent))
        yield f"decision.review_unseen names {told}, which may be left out: make it required"
    read = {
        name for model in profile.models.values() for name in profile.sources_of(model.features)
    }
    if idle := named & codes - read:
        yield f"decision.review_unseen names {', '.join(sorted(idle))}, which no model reads"


def _limit_contradictions(decision: Decision) -> Iterator[str]:
    for name in ("top_reasons", "maximum_disagreement"):
        if (getattr(decision, name) or 0) < 0:
            yield f"decision.{name} must not be below 0"


def _score_contradictions(score: Score) -> Iterator[str]:
    for name in ("points_to_double_odds", "base_odds"):
        if not 0 < getattr(score, name) < math.inf:
            yield f"score.{name} must be above 0"


def _gate_contradictions(gate: Gate) -> Iterator[str]:
    for name, limit in msgspec.structs.asdict(gate).items():
        if limit < 0:
            yield f"gate.{name} must not be below 0"
    if gate.minimum_slope > gate.maximum_slope:
        yield "gate.minimum_slope must not be above gate.maximum_slope"
    if gate.maximum_peer_flips > 1:
        yield "gate.maximum_peer_flips must not be above 1: it would stop nothing"
    for name in ("minimum_auc", "minimum_ks", "minimum_approval_ratio"):
        if getattr(gate, name) >= 1:
            yield f"gate.{name} must be below 1: nothing would ever pass"


def _drift_contradictions(drift: Drift) -> Iterator[str]:
    if not 0 < drift.psi_watch <= drift.psi_limit < math.inf:
        yield "drift.psi_watch must be above 0 and not above drift.psi_limit"
    if drift.fewest < 1:
        yield "drift.fewest must be 1 or more"


def _outcome_contradictions(outcomes: Outcomes, profile: Profile) -> Iterator[str]:
    value = msgspec.structs.asdict(outcomes)
    for name in ("limited_share", "limited_peer_share"):
        if not 0 <= value[name] <= 1:
            yield f"outcomes.{name} must be 0 to 1"
    for name in ("false_alarms", "dispersion"):
        if not 0 < value[name] < 1:
            yield f"outcomes.{name} must be above 0 and below 1"
    for name, least in (("fewest", 1), ("watch_months", 1), ("limited_client_loans", 0)):
        if value[name] < least:
            yield f"outcomes.{name} must be {least} or more"
    texts = {name for name, one in profile.features.items() if not one.is_number}
    if others := set(outcomes.peers) - texts:
        yield f"outcomes.peers names no category or code: {', '.join(sorted(others))}"
