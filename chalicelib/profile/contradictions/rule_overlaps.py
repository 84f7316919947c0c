"""Contradictions of rules with one another: in vain, never, always, or against each other."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from chalicelib.profile.contradictions.rule_regions import (
    Range,
    Region,
    TooManyPieces,
    Values,
    both,
    whole_numbers,
    without,
)
from chalicelib.profile.schema import Profile
from chalicelib.profile.tables.feature_tables import Feature
from chalicelib.profile.tables.rule_tables import DISAGREEMENT, PROBABILITY, SCORE, Condition, Rule


def between(profile: Profile) -> Iterator[str]:
    """Yield the rules that never decide, and those that decide against one another."""
    whole = {name: _whole(name, profile) for rule in profile.rules for name in rule.inputs}
    regions = {rule.code: _regions(rule, whole, profile) for rule in profile.rules}
    for place, rule in enumerate(profile.rules):
        yield from _idle(rule, profile.rules[:place], regions, whole)
    everything = [region for rule in profile.rules for region in regions[rule.code]]
    if len(profile.rules) > 1 and _is_covered([{}], everything, whole):
        yield "rules: one or another fires for every application, and no score would decide"
    for one, other in combinations(profile.rules, 2):
        if {one.effect, other.effect} == {"APPROVE", "DECLINE"}:
            yield from _against(one, other, regions, profile)


def _idle(
    rule: Rule, before: Sequence[Rule], regions: Mapping[str, list[Region]], whole: Region
) -> Iterator[str]:
    mine = regions[rule.code]
    ways = max(1, len(rule.any))
    if not mine:
        yield f"rules {rule.code} can never fire: its conditions exclude one another"
    elif len(mine) < ways:
        yield f"rules {rule.code} has a condition in any that can never hold: leave it out"
    elif _is_covered([{}], mine, whole):
        yield f"rules {rule.code} fires for every application: no score would decide"
    else:
        met = [other for other in before if _meet(mine, regions[other.code])]
        if _is_covered(mine, [region for one in met for region in regions[one.code]], whole):
            earlier = ", ".join(one.code for one in met)
            yield f"rules {rule.code} fires in vain: {earlier} fires first, whenever it does"


def _against(
    one: Rule, other: Rule, regions: Mapping[str, list[Region]], profile: Profile
) -> Iterator[str]:
    met = _meet(regions[one.code], regions[other.code])
    if met is not None and not _depend(one.inputs, other.inputs, profile):
        where = ", ".join(sorted(met))
        yield (
            f"rules {one.code} and {other.code} can fire together, and one approves what the other "
            f"declines: give {where} such conditions that they can't"
        )


def _depend(some: Sequence[str], others: Sequence[str], profile: Profile) -> bool:
    """Return whether an input of one rule depends on another input of the other rule.

    Then a region of both need not have an application in it: a ratio depends on its parts, a
    probability on a score. The order of the rules decides.
    """
    roots = {name: _roots(name, profile) for name in (*some, *others)}
    return any(one != other and roots[one] & roots[other] for one in some for other in others)


def _roots(name: str, profile: Profile) -> set[str]:
    return profile.sources_of((name,)) if name in profile.features else {SCORE}


def _meet(some: Sequence[Region], others: Sequence[Region]) -> Region | None:
    pairs = (both(one, other) for one in some for other in others)
    return next((met for met in pairs if met is not None), None)


def _is_covered(regions: Sequence[Region], by: Sequence[Region], whole: Region) -> bool:
    try:
        return not without(regions, by, whole)
    except TooManyPieces:
        return False


def _regions(rule: Rule, whole: Region, profile: Profile) -> list[Region]:
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
    if feature and feature.derive and feature.derive.ratio:
        return _ratio(*(profile.features[one] for one in feature.derive.ratio))
    if feature:
        low = Range() if feature.minimum is None else Range(low=(feature.minimum, 0))
        high = Range() if feature.maximum is None else Range(high=(feature.maximum, 1))
        return whole_numbers(low & high) if feature.type == "integer" else low & high
    if name == DISAGREEMENT:
        return Range(low=(0, 0))
    return Range((0, 0), (1, 1)) if name.endswith(PROBABILITY) else Range()


def _ratio(over: Feature, under: Feature) -> Range:
    """Return the range of a ratio of numbers that are not negative. Over 0 there is none."""
    if over.minimum is None or under.minimum is None or over.minimum < 0 or under.minimum < 0:
        return Range()
    least = max(under.minimum, 1.0) if under.type == "integer" else under.minimum
    low = over.minimum / under.maximum if under.maximum else 0.0
    high = over.maximum / least if over.maximum is not None and least else math.inf
    return Range((low, 0), (high, 1))


def _is_whole(name: str, profile: Profile) -> bool:
    """Return whether an input has whole numbers only, as scores and what is between them do."""
    feature = profile.features.get(name)
    if feature:
        return feature.type == "integer"
    return name == DISAGREEMENT or name.endswith(SCORE)
