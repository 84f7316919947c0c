"""Search for the smallest change that would be approved. Pure: `judge` asks the models.

It tries every combination of up to MOST_FIELDS fields, at the values of `candidate_values`, in the
order of `cost`. In the first that is approved it moves each number back towards the application's
value, as far as that is still approved. MOST_OF_A_SIZE limits the applications that are judged.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from chalicelib.governance.rights.counterfactuals.candidate_values import (
    Application,
    Value,
    is_numeric,
    rounded,
)
from chalicelib.profile import Feature, Profile

MOST_FIELDS = 4  # changed at once
MOST_OF_A_SIZE = 1500  # combinations of so many fields; beyond it numbers get fewer values
AT_ONCE = 200  # that one call has to score
NEARER = 12  # values tried between the old value and one that is approved
REFINEMENTS = 2

Change = dict[str, Value]
Judge = Callable[[list[dict[str, Value]]], list[bool]]  # which would be approved
Grid = Mapping[str, Sequence[Value]]  # the values of each field


@dataclass(frozen=True, slots=True)
class Found:
    change: Change | None  # None: nothing of what was tried is enough
    fields: int  # that were changed at once, at most


def smallest_change(application: Application, tried: Grid, profile: Profile, judge: Judge) -> Found:
    """Return the smallest change that `judge` approves, and how many fields at once were tried."""
    grids = list(_grids(tried, profile))
    changes = sorted(_combined(grids), key=lambda change: cost(application, change))
    enough = _first_approved(application, changes, judge)
    change = None if enough is None else _refined(application, enough, profile, judge)
    return Found(change, len(grids))


def largest(
    application: Application, name: str, values: Sequence[Value], profile: Profile, judge: Judge
) -> Value | None:
    """Return the largest of a number's values that `judge` approves, or None.

    `values` fall. The value moves up, as far as that is still approved, towards the one before.
    """
    found = _first_approved(application, [{name: value} for value in values], judge)
    if found is None:
        return None
    place = values.index(found[name])
    above = values[place - 1] if place else application.get(name)
    return _nearest(application, found, name, above, profile, judge)


def cost(application: Application, change: Change) -> tuple[int, int, float, str]:
    """Return the sort key of a change: blanks filled in (an answer is no change), then fields,
    then the sum of relative changes. The change of a text, of 0 and of a blank counts as 1.
    """
    relative = sum(_relative(application.get(name), value) for name, value in change.items())
    return len(filled_in(application, change)), len(change), relative, repr(sorted(change.items()))


def filled_in(application: Application, change: Change) -> list[str]:
    """Return the changed fields that the application left blank."""
    return [name for name in change if application.get(name) is None]


def _relative(old: Value | None, new: Value) -> float:
    if not old or isinstance(old, str) or isinstance(new, str):
        return 1.0
    return abs(new - old) / abs(old)


def _grids(tried: Grid, profile: Profile) -> Iterator[Grid]:
    """Yield for one field, for two at once, and so on, the finest grid within the limit."""
    longest = max([2, *map(len, tried.values())])
    for size in range(1, min(MOST_FIELDS, len(tried)) + 1):
        thinner = (_thinned(tried, most, profile) for most in range(longest, 1, -1))
        grid = next((grid for grid in thinner if _count(grid, size) <= MOST_OF_A_SIZE), None)
        if grid is None:
            return
        yield grid


def _thinned(tried: Grid, most: int, profile: Profile) -> Grid:
    """Return at most so many values of each number, evenly spaced from the first to the last."""
    return {
        name: [values[n * (len(values) - 1) // (most - 1)] for n in range(most)]
        if profile.features[name].is_number and len(values) > most
        else values
        for name, values in tried.items()
    }


def _count(grid: Grid, size: int) -> int:
    lengths = [len(values) for values in grid.values()]
    return sum(math.prod(chosen) for chosen in combinations(lengths, size))


def _combined(grids: Iterable[Grid]) -> Iterator[Change]:
    for size, grid in enumerate(grids, 1):
        for names in combinations(grid, size):
            for values in product(*(grid[name] for name in names)):
                yield dict(zip(names, values, strict=True))


def _first_approved(
    application: Application, changes: Sequence[Change], judge: Judge
) -> Change | None:
    for start in range(0, len(changes), AT_ONCE):
        batch = changes[start : start + AT_ONCE]
        approved = judge([{**application, **change} for change in batch])
        if any(approved):
            return batch[approved.index(True)]
    return None


def _refined(application: Application, change: Change, profile: Profile, judge: Judge) -> Change:
    """Return the same fields, each number as near to the application's as is still approved."""
    for name in change:
        near = application.get(name)
        change = {**change, name: _nearest(application, change, name, near, profile, judge)}
    return change


def _nearest(
    application: Application,
    change: Change,
    name: str,
    near: Value | None,
    profile: Profile,
    judge: Judge,
) -> Value:
    """Return the value of one field, moved towards `near` as far as is still approved."""
    far = change[name]
    for _ in range(REFINEMENTS):
        if not is_numeric(near) or not is_numeric(far):
            break
        between = _between(near, far, profile.features[name])
        if not between:
            break
        approved = judge([{**application, **change, name: value} for value in between])
        first = approved.index(True) if any(approved) else len(between)
        near, far = [near, *between, far][first : first + 2]
    return far


def _between(near: float, far: float, feature: Feature) -> list[float]:
    """Return values strictly between, the nearest first; none if the profile lists the values."""
    if feature.change and feature.change.values:
        return []
    gap = (far - near) / (NEARER + 1)
    values = [rounded(near + gap * step, feature) for step in range(1, NEARER + 1)]
    low, high = sorted((near, far))
    return [value for value in dict.fromkeys(values) if low < value < high]
