"""Values to try for each feature that an applicant can change. Pure."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeGuard

import msgspec

from chalicelib.profile import Actionable, Feature, Offer, Profile

FINER = 5  # steps from one quantile of other loans to the next
RELATIVE_STEPS = (0.05, 0.1, 0.2, 0.4)
DIGITS = 3  # of a number that is proposed

Value = float | int | str
Application = Mapping[str, Value]


def steps(
    application: Application, profile: Profile, quantiles: Mapping[str, Sequence[float]]
) -> dict[str, list[Value]]:
    """Return the values to try for each actionable feature; `quantiles` are those of other loans.

    A number's values go from its minimum to its maximum. A missing bound is replaced by the lowest
    or the highest quantile. Where a rule begins or ends to hold is tried, too, and the largest
    amount of each band of an offer.
    """
    found: dict[str, list[Value]] = {}
    for name, feature in profile.features.items():
        if feature.change:
            values = _values(
                feature,
                feature.change,
                application.get(name),
                (*quantiles.get(name, ()), *_bounds_of_rules(name, profile)),
            )
            if values:
                found[name] = values
    return found


def lower_amounts(
    application: Application,
    offer: Offer,
    profile: Profile,
    quantiles: Mapping[str, Sequence[float]],
) -> list[Value]:
    """Return the amounts to try below the requested one, the largest first."""
    name = offer.amount
    feature, asked = profile.features[name], application.get(name)
    lower = msgspec.structs.replace(feature.change or Actionable(), direction="decrease")
    known = (*quantiles.get(name, ()), *_bounds_of_rules(name, profile))
    return _values(feature, lower, asked, known)[::-1]


def _bounds_of_rules(name: str, profile: Profile) -> Iterator[float]:
    """Yield the numbers at which a rule begins or ends to hold, and each band's largest amount."""
    if profile.offer and name == profile.offer.amount:
        yield from (band.maximum_amount for band in profile.offer.bands)
    for rule in profile.rules:
        for one in (*rule.all, *rule.any):
            bounds = (one.at_least, one.above, one.at_most, one.below)
            yield from (at for at in bounds if one.input == name and at is not None)


def _values(
    feature: Feature, change: Actionable, old: Value | None, quantiles: Iterable[float]
) -> list[Value]:
    if not feature.is_number:
        return [value for value in change.values or feature.values if value != old]
    low, high = _bounds(feature, change, old)
    if change.values:
        listed = [value for value in change.values if not isinstance(value, str)]
        whole = feature.type == "integer"
        allowed = sorted(value for value in listed if low <= value <= high and value != old)
        return [int(value) if whole else value for value in allowed]
    given = [old] if is_numeric(old) else []
    bounds = [_whole(bound, feature) for bound in (low, high) if math.isfinite(bound)]
    known = sorted({*bounds, *given, *(q for q in quantiles if low <= q <= high)})
    between = [a + (b - a) * n / FINER for a, b in pairwise(known) for n in range(FINER + 1)]
    nearby = [number * (1 + s) for number in given for r in RELATIVE_STEPS for s in (r, -r)]
    wanted = {*bounds, *(rounded(value, feature) for value in (*known, *between, *nearby))}
    return sorted(value for value in wanted if low <= value <= high and value != old)


def _bounds(feature: Feature, change: Actionable, old: Value | None) -> tuple[float, float]:
    lows = [bound for bound in (feature.minimum, change.minimum) if bound is not None]
    highs = [bound for bound in (feature.maximum, change.maximum) if bound is not None]
    if is_numeric(old) and change.direction == "increase":
        lows.append(old)
    if is_numeric(old) and change.direction == "decrease":
        highs.append(old)
    return max(lows, default=float("-inf")), min(highs, default=float("inf"))


def is_numeric(value: Value | None) -> TypeGuard[float]:
    return isinstance(value, float | int)


def _whole(value: float, feature: Feature) -> float:
    return int(value) if feature.type == "integer" or float(value).is_integer() else value


def rounded(value: float, feature: Feature) -> float:
    return _whole(float(f"{value:.{DIGITS}g}"), feature)
