"""A watch on new outcomes of a source, of a lender or of other peers.

It tests whether they differ from the expected ones by more than honest outcomes do.

Expected is the probability of default when it was decided; of a loan decided elsewhere, the rate
of its peer in the labels before, shrunk towards the rate of all by 20 pseudo-loans. A month that
goes badly for everybody is no peer's fault: the odds of a group are first moved by what the others'
outcomes show. Defaults of one lender do not fall independently, so their number follows a
beta-binomial distribution with the profile's `dispersion` as its correlation (Prentice 1986,
Journal of the American Statistical Association 81). Both its tails are tested, and the limit is
`false_alarms` over the number of tests (Bonferroni): of a hundred honest snapshots, one holds
something back.

The new outcomes are tested by themselves, and together with those of the months before them: what
drips in is found when it has become enough. What a person has released is honest: it is no longer
tested, and is one of the labels that say what is expected of its peers from then on.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from chalicelib.profile import Outcomes
from training.training_profile import TrainingProfile

PSEUDO_LOANS = 20
PLACES = 4  # of a rate that is expected
SMALLEST = 10.0**-PLACES  # a probability that has odds

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Held:
    """New outcomes of a group that are odd; `by` is a peer's feature, or source."""

    id: str
    by: str
    value: str
    rows: pd.Index
    tested: int  # of the group, the held ones among them
    observed: float
    expected: float
    chance: float  # of honest outcomes as far from what is expected, over all tests


@dataclass(frozen=True)
class _Group:
    by: str
    value: str
    tested: Places
    new: Places


def held(
    rows: pd.DataFrame,
    new: pd.Series,
    keys: Mapping[str, pd.Series],
    bank: TrainingProfile,
    version: str,
) -> list[Held]:
    """Return what of the `new` rows is odd, each in the oddest of its groups.

    Labels of `rows` that do not count are missing.
    """
    if not new.any():
        return []
    settings, label = bank.outcomes, rows[bank.outcome]
    months = pd.DateOffset(months=settings.watch_months)
    recent = rows["countedSince"] > pd.Timestamp(version[:8]) - months
    window = new | (recent & label.notna() & rows["released"].isna())
    expected = _expected(rows, _reference(rows, window, bank), keys, bank.outcome)
    # From here on there is nothing but the window, by place.
    values = {**keys, "source": rows["source"]}
    values = {by: column[window].to_numpy(object) for by, column in values.items()}
    groups = [*_groups(values, new[window].to_numpy(bool), settings.fewest)]
    test = _Test(label[window].to_numpy(float), expected, window, settings, len(groups))
    index, found = rows.index[window.to_numpy(bool)], []
    # The oddest first: what is held is no evidence for the others, nor against them.
    while odd := min(filter(None, map(test.odd, groups)), key=_chance, default=None):
        test.left[odd.tested] = False
        found.append(odd.named(version, index))
    return found


def chance(observed: int, rows: int, expected: float, dispersion: float) -> float:
    """Return the chance of `observed` defaults, or a number further out, on both sides together.

    The rate is drawn from a beta distribution with the mean `expected`.

    >>> chance(1, 20, 0.05, 0.05)
    1.0
    >>> chance(6, 6, 0.02, 0.05) < 1e-5
    True
    """
    a, b = (p * (1 - dispersion) / dispersion for p in (expected, 1 - expected))
    steps = np.arange(rows, dtype=float)
    ratios = np.log((rows - steps) * (steps + a)) - np.log((steps + 1) * (rows - steps - 1 + b))
    start = math.lgamma(rows + b) - math.lgamma(b) + math.lgamma(a + b) - math.lgamma(rows + a + b)
    mass = np.exp(start + np.concatenate([[0.0], np.cumsum(ratios)]))
    tail = min(mass[: observed + 1].sum(), mass[observed:].sum())
    return float(min(1.0, 2 * tail))


def _reference(rows: pd.DataFrame, window: pd.Series, bank: TrainingProfile) -> pd.Series:
    """Flag the labels before the window, over as many months as a model learns from."""
    before = ~window & rows[bank.outcome].notna()
    if bank.date is None:
        return before
    first = rows.loc[before, bank.date].max() - pd.DateOffset(months=bank.training.window_months)
    return before & (rows[bank.date] > first)


def _expected(
    rows: pd.DataFrame, reference: pd.Series, keys: Mapping[str, pd.Series], outcome: str
) -> dict[str, pd.Series]:
    """Return each row's expected rate by peer feature; by source it is the portfolio's."""
    label = rows[outcome].where(reference)
    base = float(label.mean()) if label.notna().any() else float(rows[outcome].mean())
    rates = {"source": rows["expected"].fillna(base)}
    for name, values in keys.items():
        of_peer = label.groupby(values)
        rate = (of_peer.sum() + PSEUDO_LOANS * base) / (of_peer.count() + PSEUDO_LOANS)
        rates[name] = rows["expected"].fillna(values.map(rate)).fillna(base)
    return {
        name: values.astype(float).clip(SMALLEST, 1 - SMALLEST) for name, values in rates.items()
    }


def _groups(
    values: Mapping[str, npt.NDArray[np.object_]], new: Flags, fewest: int
) -> Iterator[_Group]:
    """Yield the new rows of a source and of a peer, the latter also with those of the window."""
    for by, column in values.items():
        codes, names = pd.factorize(column)
        places = {
            code: np.flatnonzero(codes == code) for code in np.unique(codes[new]) if code >= 0
        }
        for code, members in places.items():
            there = members[new[members]]
            for tested in (
                (there, members) if by != "source" and len(there) < len(members) else (there,)
            ):
                if len(tested) >= fewest:
                    yield _Group(by, str(names[code]), tested, there)


@dataclass(frozen=True)
class _Odd:
    group: _Group
    new: Places
    tested: Places
    observed: float
    expected: float
    chance: float

    def named(self, version: str, index: pd.Index) -> Held:
        by, value = self.group.by, self.group.value
        name = hashlib.sha256(f"{version}|{by}|{value}".encode()).hexdigest()[:12]
        facts = (len(self.tested), self.observed, self.expected, self.chance)
        return Held(name, by, value, index[self.new], *facts)


def _chance(odd: _Odd) -> float:
    return odd.chance


class _Test:
    """A test of the window's outcomes that are `left`."""

    def __init__(
        self,
        label: Floats,
        expected: Mapping[str, pd.Series],
        window: pd.Series,
        settings: Outcomes,
        tests: int,
    ) -> None:
        self.left = np.ones(len(label), dtype=bool)
        self._label = label
        self._settings = settings
        self._tests = tests
        # Few values, so that a level is quickly found.
        self._expected = {
            by: np.unique(column[window].round(PLACES).to_numpy(float), return_inverse=True)
            for by, column in expected.items()
        }

    def odd(self, group: _Group) -> _Odd | None:
        tested, new = (places[self.left[places]] for places in (group.tested, group.new))
        if not len(new) or len(tested) < self._settings.fewest:
            return None
        rates, of = self._expected[group.by]
        others = self.left.copy()
        others[tested] = False
        counts = np.bincount(of[others], minlength=len(rates))
        level = _level(rates, counts, self._label[others].sum())
        mean = float(_moved(rates[of[tested]], level).mean())
        bads = int(self._label[tested].sum())
        p_value = chance(bads, len(tested), mean, self._settings.dispersion) * self._tests
        if p_value >= self._settings.false_alarms:
            return None
        return _Odd(group, new, tested, bads / len(tested), mean, p_value)


def _level(rates: Floats, counts: Places, bads: float) -> float:
    """Return the logit offset at which expected defaults equal observed ones; 0 if none or all
    defaulted.
    """
    if not 0 < bads < counts.sum():
        return 0.0
    low, high = -10.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        if counts @ _moved(rates, middle) < bads:
            low = middle
        else:
            high = middle
    return low


def _moved(probability: Floats, level: float) -> Floats:
    odds = probability / (1 - probability) * math.exp(level)
    return odds / (1 + odds)
