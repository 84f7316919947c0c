"""Contradictions of [[rules]]: with the features, with the score, and with one another."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from chalicelib.profile.feature_tables import Feature
from chalicelib.profile.rule_regions import (
    Range,
    Region,
    TooManyPieces,
    Values,
    both,
    whole_numbers,
    without,
)
from chalicelib.profile.rule_tables import (
    DECIDED,
    DISAGREEMENT,
    PROBABILITY,
    SCORE,
    Condition,
    WrittenRule,
    of_model,
)
from chalicelib.profile.schema import Profile

CODE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
BASES = {
    "SCORE", "REVIEW_ONLY", "UNSEEN_CODE", "MODELS_DISAGREE", "TOO_FEW_MODELS",
    "TOO_LITTLE_WEIGHT", "MANDATORY_MODEL_UNAVAILABLE",
    "CHANGE", "FILL_IN", "NONE", "NOT_NEEDED",
}  # fmt: skip
BOUNDS = ("at_least", "above", "at_most", "below")
VALUES = ("one_of", "none_of")


def of_rules(profile: Profile) -> Iterator[str]:
    """Yield each contradiction. Rules are compared with one another once each is right alone."""
    faults = [*_names(profile), *(fault for rule in profile.rules for fault in _of(rule, profile))]
    yield from faults
    if not faults:
        yield from _between(profile)


def _names(profile: Profile) -> Iterator[str]:
    for code, times in Counter(rule.code for rule in profile.rules).items():
        if times > 1:
            yield f"rules: {times} rules have the code {code}"
        if not CODE.fullmatch(code):
            yield f"rules: {code!r} is no code: capital letters, digits and _, such as LARGE_LOAN"
        if code in BASES:
            yield f"rules: {code} is a word of the API's own: choose another code"
    if profile.rules and (taken := set(DECIDED) & set(profile.features)):
        yield f"rules read {', '.join(sorted(taken))} of the decision: rename those features"


def _of(rule: WrittenRule, profile: Profile) -> Iterator[str]:
    if not rule.inputs:
        yield f"rules {rule.code} has no condition: state them in all or any"
    if not (rule.text.es and rule.text.en):
        yield f"rules {rule.code} needs its text in es and en"
    faults = [f for one in (*rule.all, *rule.any) for f in _of_condition(one, profile)]
    yield from (f"rules {rule.code}: {fault}" for fault in faults)
    if rule.effect == "APPROVE" and not any(_asks_for_a_score(one) for one in rule.all):
        yield (
            f"rules {rule.code} approves without a score: add to all a condition on score "
            "(at_least or above) or on probabilityOfDefault (at_most or below)"
        )


def _asks_for_a_score(one: Condition) -> bool:
    lowest = one.at_least is not None or one.above is not None
    highest = one.at_most is not None or one.below is not None
    return (one.input == SCORE and lowest) or (one.input == PROBABILITY and highest)


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


def _between(profile: Profile) -> Iterator[str]:
    """Yield the rules that never decide, and those that decide against one another."""
    whole = {name: _whole(name, profile) for rule in profile.rules for name in rule.inputs}
    regions = {rule.code: _regions(rule, whole, profile) for rule in profile.rules}
    for place, rule in enumerate(profile.rules):
        mine = regions[rule.code]
        if not mine:
            yield f"rules {rule.code} can never fire: its conditions exclude one another"
        elif _is_covered([{}], mine, whole):
            yield f"rules {rule.code} fires for every application: no score would decide"
        else:
            before = [other for other in profile.rules[:place] if _meet(mine, regions[other.code])]
            if _is_covered(mine, [r for other in before for r in regions[other.code]], whole):
                earlier = ", ".join(other.code for other in before)
                yield f"rules {rule.code} never decides: {earlier} before it fires whenever it does"
    for one, other in combinations(profile.rules, 2):
        if {one.effect, other.effect} == {"APPROVE", "DECLINE"}:
            yield from _against(one, other, _meet(regions[one.code], regions[other.code]))


def _against(one: WrittenRule, other: WrittenRule, met: Region | None) -> Iterator[str]:
    if met is not None:
        where = ", ".join(sorted(met))
        yield (
            f"rules {one.code} and {other.code} can fire together, and one approves what the other "
            f"declines: give {where} such conditions that they can't"
        )


def _meet(some: Sequence[Region], others: Sequence[Region]) -> Region | None:
    pairs = (both(one, other) for one in some for other in others)
    return next((met for met in pairs if met is not None), None)


def _is_covered(regions: Sequence[Region], by: Sequence[Region], whole: Region) -> bool:
    try:
        return not without(regions, by, whole)
    except TooManyPieces:
        return False


def _regions(rule: WrittenRule, whole: Region, profile: Profile) -> list[Region]:
    """Return the regions in which a rule fires."""
    region: Region | None = {}
    for condition in rule.all:
        region = region if region is None else both(region, _limited(condition, whole, profile))
    if region is None or not rule.any:
        return [] if region is None else [region]
    found = (both(region, _limited(condition, whole, profile)) for condition in rule.any)
    return [one for one in found if one is not None]


def _limited(one: Condition, whole: Region, profile: Profile) -> Region:
    """Return the region of one condition; an empty range or set if it can't hold."""
    met = whole[one.input]
    for stated, limit in (
        (one.one_of or None, Values(frozenset(one.one_of), others=False)),
        (one.none_of or None, Values(frozenset(one.none_of), others=True)),
        (one.at_least, Range(low=(one.at_least or 0, 0))),
        (one.above, Range(low=(one.above or 0, 1))),
        (one.at_most, Range(high=(one.at_most or 0, 1))),
        (one.below, Range(high=(one.below or 0, 0))),
    ):
        met = met & limit if stated is not None else met
    is_whole = isinstance(met, Range) and _is_whole(one.input, profile)
    return {one.input: whole_numbers(met) if is_whole else met}  # type: ignore[arg-type]


def _whole(name: str, profile: Profile) -> Range | Values:
    """Return all that an input can be."""
    feature = profile.features.get(name)
    if feature and not feature.is_number:
        return Values(frozenset(feature.values), others=False) if feature.values else Values()
    if feature:
        low = Range() if feature.minimum is None else Range(low=(feature.minimum, 0))
        high = Range() if feature.maximum is None else Range(high=(feature.maximum, 1))
        return whole_numbers(low & high) if feature.type == "integer" else low & high
    if name == DISAGREEMENT:
        return Range(low=(0, 0))
    return Range((0, 0), (1, 1)) if name.endswith(PROBABILITY) else Range()


def _is_whole(name: str, profile: Profile) -> bool:
    """Return whether an input has whole numbers only, as scores and what is between them do."""
    feature = profile.features.get(name)
    if feature:
        return feature.type == "integer"
    return name == DISAGREEMENT or name.endswith(SCORE)
