"""Contradictions of a rule of [[rules]]: with the features, and with the score."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from chalicelib.profile.answer_codes import BASES, CHANGE_OUTCOMES, OFFER_OUTCOMES
from chalicelib.profile.contradictions.rule_overlaps import between
from chalicelib.profile.schema import Profile
from chalicelib.profile.tables.feature_tables import Feature
from chalicelib.profile.tables.rule_tables import (
    DECIDED,
    PROBABILITY,
    SCORE,
    Condition,
    Rule,
    of_model,
)

CODE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
BOUNDS = ("at_least", "above", "at_most", "below")
VALUES = ("one_of", "none_of")


def of_rules(profile: Profile) -> Iterator[str]:
    """Yield each contradiction. Rules are compared with one another once each is right alone."""
    faults = [*_names(profile), *(fault for rule in profile.rules for fault in _of(rule, profile))]
    yield from faults
    if not faults:
        yield from between(profile)


def _names(profile: Profile) -> Iterator[str]:
    for code, times in Counter(rule.code for rule in profile.rules).items():
        if times > 1:
            yield f"rules: {times} rules have the code {code}"
        if not CODE.fullmatch(code):
            yield f"rules: {code!r} is no code: capital letters, digits and _, such as LARGE_LOAN"
        if code in (*BASES, *CHANGE_OUTCOMES, *OFFER_OUTCOMES):
            yield f"rules: {code} is a word of the API's own: choose another code"
    if profile.rules and (taken := set(DECIDED) & set(profile.features)):
        yield f"rules read {', '.join(sorted(taken))} of the decision: rename those features"


def _of(rule: Rule, profile: Profile) -> Iterator[str]:
    if not rule.inputs:
        yield f"rules {rule.code} has no condition: state them in all or any"
    if not (rule.text.es and rule.text.en):
        yield f"rules {rule.code} needs its text in es and en"
    faults = [f for one in (*rule.all, *rule.any) for f in _of_condition(one, profile)]
    yield from (f"rules {rule.code}: {fault}" for fault in faults)
    if rule.effect == "APPROVE" and lowest_score(rule, profile) < profile.decision.decline_below:
        yield (
            f"rules {rule.code} approves without a score: add to all a condition on score "
            "(at_least or above) or on probabilityOfDefault (at_most or below) that nothing meets "
            "which decision.decline_below declines"
        )


def lowest_score(rule: Rule, profile: Profile) -> float:
    """Return the lowest score at which a rule can hold."""
    return max((_lowest_points(one, profile) for one in rule.all), default=-math.inf)


def _lowest_points(one: Condition, profile: Profile) -> float:
    """Return the lowest score with which a condition can hold."""
    if one.input == SCORE:
        return max(-math.inf if at is None else at for at in (one.at_least, one.above))
    if one.input == PROBABILITY:
        highest = min(1.0 if at is None else at for at in (one.at_most, one.below))
        return (
            profile.score.points(math.log(highest / (1 - highest)))
            if 0 < highest < 1
            else -math.inf
        )
    return -math.inf


def _of_condition(one: Condition, profile: Profile) -> Iterator[str]:
    bounds = [name for name in BOUNDS if getattr(one, name) is not None]
    values = [name for name in VALUES if getattr(one, name)]
    feature = profile.features.get(one.input)
    is_text = feature is not None and not feature.is_number
    yield from _unknown_input(one.input, feature, profile)
    if not bounds and not values:
        yield f"{one.input} has neither bounds nor values"
    if is_text and bounds:
        yield f"{one.input} is a {feature and feature.type}, without {', '.join(bounds)}"
    if values and not is_text:
        yield f"{one.input} is a number, without {', '.join(values)}"
    if feature and is_text:
        yield from _unknown_values(one, feature)


def _unknown_input(name: str, feature: Feature | None, profile: Profile) -> Iterator[str]:
    if feature is None:
        if name not in DECIDED and of_model(name) not in profile.models:
            yield f"{name} is no feature, and neither a score nor a probability"
        return
    sources = [profile.features[one] for one in profile.sources_of((name,)) & {*profile.features}]
    if any(one.protected for one in sources):
        yield f"{name} is protected or derived from what is: no rule may read it"
    if any(one.derive and one.derive.peers for one in sources):
        yield f"{name} is of peers, which only the models' endpoints know"


def _unknown_values(one: Condition, feature: Feature) -> Iterator[str]:
    for value in (*one.one_of, *one.none_of):
        if feature.values and value not in feature.values:
            yield f"{value!r} is none of the values of {one.input}"
        if feature.pattern and not re.fullmatch(feature.pattern, value):
            yield f"{value!r} has not the pattern of {one.input}"
        length = feature.derive.length if feature.derive else None
        if length is not None and len(value) > length:
            yield f"{value!r} is longer than {one.input}, which has {length} characters"
