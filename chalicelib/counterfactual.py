"""The smallest change of an application that would be approved. Pure: `judge` asks the models.

Fewest fields first, then the smallest relative change. All combinations of the steps are tried
while they are at most MOST_CANDIDATES; beyond that, those that build on the best so far.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from chalicelib.profile import Actionable, Feature, Profile

MOST_CANDIDATES = 400  # that one call has to score
RELATIVE_STEPS = (0.05, 0.1, 0.2, 0.4)
NEARER = 12  # values tried between the old value and one that is approved
REFINEMENTS = 2
DIGITS = 3  # of a number that is proposed

Value = float | int | str
Application = Mapping[str, Value]
Change = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Verdict:
    is_approved: bool
    score: float


Judge = Callable[[list[dict[str, Value]]], list[Verdict]]


def steps(
    application: Application, profile: Profile, quantiles: Mapping[str, Sequence[float]]
) -> dict[str, list[Value]]:
    """The values to try for each feature in the applicant's hands; `quantiles` of other loans."""
    found: dict[str, list[Value]] = {}
    for name, feature in profile.features.items():
        if feature.change:
            values = _values(
                feature, feature.change, application.get(name), quantiles.get(name, ())
            )
            if values:
                found[name] = values
    return found


def smallest_change(
    application: Application, tried: Mapping[str, Sequence[Value]], profile: Profile, judge: Judge
) -> Change | None:
    """What to change so that `judge` approves; None: no combination of what was tried is enough."""
    begun: list[Change] = [{}]
    for _ in tried:
        candidates = _extended(begun, tried)
        if not candidates:
            return None
        verdicts = judge([{**application, **change} for change in candidates])
        judged = list(zip(candidates, verdicts, strict=True))
        approved = [change for change, verdict in judged if verdict.is_approved]
        if approved:
            smallest = min(approved, key=lambda change: cost(application, change))
            return _refined(application, smallest, profile, judge)
        judged.sort(key=lambda pair: -pair[1].score)
        begun = [change for change, _ in judged]
    return None


def cost(application: Application, change: Change) -> tuple[int, float, str]:
    """Fewest fields first, then the smallest sum of relative changes; a text's change is 1."""
    relative = sum(_relative(application.get(name), value) for name, value in change.items())
    return len(change), relative, repr(sorted(change.items()))


def _relative(old: Value | None, new: Value) -> float:
    if not old or isinstance(old, str) or isinstance(new, str):
        return 1.0
    return abs(new - old) / abs(old)


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
    steps_away = [old * (1 + s) for r in RELATIVE_STEPS for s in (r, -r)] if _is_number(old) else []
    bounds = [bound for bound in (low, high) if math.isfinite(bound)]
    wanted = {_rounded(value, feature) for value in (*quantiles, *steps_away, *bounds)}
    return sorted(value for value in wanted if low <= value <= high and value != old)


def _bounds(feature: Feature, change: Actionable, old: Value | None) -> tuple[float, float]:
    lows = [bound for bound in (feature.minimum, change.minimum) if bound is not None]
    highs = [bound for bound in (feature.maximum, change.maximum) if bound is not None]
    if _is_number(old) and change.direction == "increase":
        lows.append(old)
    if _is_number(old) and change.direction == "decrease":
        highs.append(old)
    return max(lows, default=float("-inf")), min(highs, default=float("inf"))


def _is_number(value: Value | None) -> TypeGuard[float]:
    return isinstance(value, float | int)


def _rounded(value: float, feature: Feature) -> float:
    rounded = float(f"{value:.{DIGITS}g}")
    return int(rounded) if feature.type == "integer" or rounded.is_integer() else rounded


def _extended(begun: list[Change], tried: Mapping[str, Sequence[Value]]) -> list[Change]:
    """Each change with one field more, from the best on, no combination twice."""
    found: dict[frozenset[tuple[str, Value]], Change] = {}
    for change in begun:
        for name, values in tried.items():
            for value in values if name not in change else ():
                longer = {**change, name: value}
                found.setdefault(frozenset(longer.items()), longer)
                if len(found) == MOST_CANDIDATES:
                    return list(found.values())
    return list(found.values())


def _refined(application: Application, change: Change, profile: Profile, judge: Judge) -> Change:
    """The same fields, with each number as near to the old one as is still approved."""
    for name in change:
        near, far = application.get(name), change[name]
        for _ in range(REFINEMENTS):
            if not _is_number(near) or not _is_number(far):
                break
            between = _between(near, far, profile.features[name])
            if not between:
                break
            verdicts = judge([{**application, **change, name: value} for value in between])
            approved = (n for n, verdict in enumerate(verdicts) if verdict.is_approved)
            first = next(approved, len(between))
            near, far = [near, *between, far][first : first + 2]
        change = {**change, name: far}
    return change


def _between(near: float, far: float, feature: Feature) -> list[float]:
    """Values strictly between, the nearest first; none where the profile lists what there is."""
    if feature.change and feature.change.values:
        return []
    gap = (far - near) / (NEARER + 1)
    values = [_rounded(near + gap * step, feature) for step in range(1, NEARER + 1)]
    low, high = sorted((near, far))
    return [value for value in dict.fromkeys(values) if low < value < high]
