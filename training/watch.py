"""A watch on new outcomes: do those of a source, or of a lender's or another peer's loans, differ
from what was expected by more than honest ones do?

Expected is the probability of default when it was decided; of a loan decided elsewhere, the rate
of its peer in the labels before, shrunk towards the rate of all by 20 pseudo-loans. A month that
goes badly for everybody is no peer's fault: the odds of a group are first moved by what the others'
outcomes show. Defaults of one lender do not fall independently, so their number follows a
beta-binomial distribution with the profile's `dispersion` as its correlation (Prentice 1986,
Journal of the American Statistical Association 81). Both its tails are tested, and the limit is
`false_alarms` over the number of tests (Bonferroni): of a hundred honest snapshots, one holds
something back.

The new outcomes are tested by themselves, and together with those of the months before them: what
drips in is found when it has become enough.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from product import OutcomeSettings, Product

PSEUDO_LOANS = 20
SMALLEST = 1e-6  # a probability that has odds

Floats = npt.NDArray[np.float64]


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
    tested: pd.Index
    new: pd.Index

    def without(self, held: Iterable[pd.Index]) -> "_Group":
        tested, new = self.tested, self.new
        for rows in held:
            tested, new = tested.difference(rows), new.difference(rows)
        return replace(self, tested=tested, new=new)


def held(
    rows: pd.DataFrame,
    new: pd.Series,
    keys: Mapping[str, pd.Series],
    bank: Product,
    version: str,
) -> list[Held]:
    """What of the `new` rows is odd, each in the first group that is. Labels of `rows` that do not
    count are missing."""
    if not new.any():
        return []
    settings, label = bank.outcomes, rows[bank.outcome]
    months = pd.DateOffset(months=settings.watch_months)
    recent = rows["countedSince"] > pd.Timestamp(version[:8]) - months
    window = new | (recent & label.notna())
    expected = _expected(rows, _reference(rows, window, bank), keys, bank.outcome)
    groups = [*_groups(rows, new, window, keys, settings.fewest)]
    test = _Test(label, expected, window, settings, len(groups))
    found: list[Held] = []
    for group in groups:
        # What is held is no evidence about the rest, for it nor against it.
        left = group.without(one.rows for one in found)
        if odd := test.odd(left, version, {i for one in found for i in one.rows}):
            found.append(odd)
    return found


def chance(observed: int, rows: int, expected: float, dispersion: float) -> float:
    """
    Of a number of defaults as far out as `observed` or further, on both sides together, where a
    rate is drawn from a beta distribution with the mean `expected`.

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


def _reference(rows: pd.DataFrame, window: pd.Series, bank: Product) -> pd.Series:
    """The labels before: those of the newest applications, over as long as a model learns from."""
    before = ~window & rows[bank.outcome].notna()
    if bank.date is None or bank.training.window_months is None:
        return before
    first = rows.loc[before, bank.date].max() - pd.DateOffset(months=bank.training.window_months)
    return before & (rows[bank.date] > first)


def _expected(
    rows: pd.DataFrame, reference: pd.Series, keys: Mapping[str, pd.Series], outcome: str
) -> dict[str, pd.Series]:
    """By each peer's feature; by source as the portfolio does."""
    label = rows[outcome].where(reference)
    base = float(label.mean()) if label.notna().any() else float(rows[outcome].mean())
    found = {"source": rows["expected"].fillna(base)}
    for name, values in keys.items():
        of_peer = label.groupby(values)
        rate = (of_peer.sum() + PSEUDO_LOANS * base) / (of_peer.count() + PSEUDO_LOANS)
        found[name] = rows["expected"].fillna(values.map(rate)).fillna(base)
    return {
        name: values.astype(float).clip(SMALLEST, 1 - SMALLEST) for name, values in found.items()
    }


def _groups(
    rows: pd.DataFrame,
    new: pd.Series,
    window: pd.Series,
    keys: Mapping[str, pd.Series],
    fewest: int,
) -> Iterator[_Group]:
    """The new ones of a source, and of a peer; and those together with the window's."""
    for by, values in {**keys, "source": rows["source"]}.items():
        spans = (new,) if by == "source" or window.equals(new) else (new, window)
        of_new = values[new]
        for span in spans:
            members = values[span].groupby(values[span]).groups
            for value, there in of_new.groupby(of_new).groups.items():
                if len(members[value]) >= fewest:
                    yield _Group(by, str(value), members[value], there)


@dataclass(frozen=True)
class _Test:
    label: pd.Series
    expected: Mapping[str, pd.Series]
    window: pd.Series
    settings: OutcomeSettings
    tests: int

    def odd(self, group: _Group, version: str, gone: set[int]) -> Held | None:
        tested = group.tested
        if not len(group.new) or len(tested) < self.settings.fewest:
            return None
        others = self.window.index[self.window].difference(tested).difference(pd.Index([*gone]))
        odds = self.expected[group.by]
        level = _level(odds[others].to_numpy(), self.label[others].to_numpy())
        mean = float(_moved(odds[tested].to_numpy(), level).mean())
        bads = int(self.label[tested].sum())
        found = chance(bads, len(tested), mean, self.settings.dispersion) * self.tests
        if found >= self.settings.false_alarms:
            return None
        name = f"{version}|{group.by}|{group.value}".encode()
        what = (hashlib.sha256(name).hexdigest()[:12], group.by, group.value, group.new)
        return Held(*what, len(tested), bads / len(tested), mean, found)


def _level(expected: Floats, observed: Floats) -> float:
    """What moves the logits of `expected` so that they sum up to what was observed; 0 where that
    shows nothing."""
    if not len(expected) or observed.min() == observed.max():
        return 0.0
    low, high = -10.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        if _moved(expected, middle).sum() < observed.sum():
            low = middle
        else:
            high = middle
    return low


def _moved(probability: Floats, level: float) -> Floats:
    odds = probability / (1 - probability) * math.exp(level)
    return odds / (1 + odds)
