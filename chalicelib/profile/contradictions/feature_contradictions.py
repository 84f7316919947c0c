"""Contradictions of a feature's description, with itself or with its source."""

import math
import re
from collections.abc import Iterator

import msgspec

from chalicelib.profile.schema import Profile
from chalicelib.profile.tables.feature_tables import Actionable, Derivation, Feature


def of_feature(name: str, feature: Feature, profile: Profile) -> Iterator[str]:
    yield from _pattern(name, feature)
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
        yield from _changed(name, feature, feature.change)
    if feature.derive:
        yield from _derived(name, feature.derive, profile)


def _pattern(name: str, feature: Feature) -> Iterator[str]:
    if feature.format and not feature.pattern:
        yield f"features.{name}.format describes a pattern, and there is none"
    try:
        re.compile(feature.pattern or "")
    except re.error as error:
        yield f"features.{name}.pattern is no regular expression: {error}"


def _derived(name: str, derive: Derivation, profile: Profile) -> Iterator[str]:
    if [derive.ratio, derive.prefix, derive.peers].count(None) != 2:
        yield f"features.{name}.derive must be one of ratio, prefix and peers"
    if (derive.prefix is None) != (derive.length is None):
        yield f"features.{name}.derive needs prefix and length together"
    if derive.measure != "intensity" and not derive.peers:
        yield f"features.{name}.derive measures peers, of which it names none"
    if derive.peers and not profile.snapshot.date:
        yield (
            f"features.{name} looks at peers, which needs snapshot.date: name that column, or take "
            "the peers out of [features] and [models]"
        )
    months = profile.training
    if derive.peers and months.peer_months <= months.outcome_months:
        yield f"features.{name} looks at peers: training.peer_months must be above outcome_months"
    for source in derive.sources():
        yield from _derived_from(name, derive, source, profile)


def _derived_from(name: str, derive: Derivation, source: str, profile: Profile) -> Iterator[str]:
    order = list(profile.features)
    if source not in order:
        yield f"features.{name} is derived from {source}, which is not in [features]"
        return
    if order.index(source) >= order.index(name):
        yield f"features.{name} is derived from {source}: declare that feature above it"
    of = profile.features[source]
    if of.derive and of.derive.peers:
        yield f"features.{name} is derived from the peers of {source}"
    if derive.peers and of.is_number:
        yield f"features.{name}: peers share codes, not {source}, which is a number"


def _changed(name: str, feature: Feature, change: Actionable) -> Iterator[str]:
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


def _outside(name: str, feature: Feature, change: Actionable) -> Iterator[str]:
    low = -math.inf if feature.minimum is None else feature.minimum
    high = math.inf if feature.maximum is None else feature.maximum
    for value in change.values:
        if not isinstance(value, str) and not low <= value <= high:
            yield f"features.{name}.actionable: {value:,.10g} is outside the feature's own bounds"
