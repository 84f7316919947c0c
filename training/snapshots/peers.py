"""Default experience of peers: loans of the same lender, place, sector …, as of a date.

    log((defaults + k base) / (loans + k) / base)

over the loans of the last `months` whose outcome has matured before the date, with the same ratio
over the whole portfolio as the base and k pseudo-loans. So 0.0 is an applicant without
recent peers. An open loan does not count, whatever is reported of it: an outcome counts here when
it counts in training. The volume of peers is log(1 + loans of the last `months`), because a loan is
known on the day that it is made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

PSEUDO_LOANS = 20
PLACES = 6  # decimals kept in a table

Days = npt.NDArray[np.int64]  # since 1970-01-01
Codes = npt.NDArray[np.int64]  # -1: missing

Measure = Callable[..., npt.NDArray[np.float64]]

_SPAN = 1 << 20  # more days than any calendar has: one sorted array holds every (code, day)


@dataclass(frozen=True)
class History:
    """The loans that may be somebody's peers: `dates` of approval, and `outcomes`, 1 or 0, missing
    where they have not matured. One matures `outcome_months` after its approval, and counts for
    loans approved in the last `months`.
    """

    dates: pd.Series
    outcomes: pd.Series
    months: int
    outcome_months: int

    def matured(self) -> pd.Series:
        """Return the day of each outcome; missing where it has not matured."""
        days = pd.DatetimeIndex(self.dates) + pd.DateOffset(months=self.outcome_months)
        return pd.Series(days, self.dates.index).where(self.outcomes.notna())

    @property
    def matured_months(self) -> int:
        """The number of the last months with outcomes of loans approved in the last `months`."""
        return self.months - self.outcome_months


def intensity(
    history: History, peers: pd.Series, keys: pd.Series, at: pd.Series
) -> npt.NDArray[np.float64]:
    """Return the peer intensity of each key at its date; NaN where a key is missing.

    `peers` are the keys of the history's loans.
    """
    codes, uniques = pd.factorize(peers)
    wanted = pd.Index(uniques).get_indexer(pd.Index(keys))
    loans, defaults = _matured(history, codes, wanted, at)
    base = _base(history, at)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log((defaults + PSEUDO_LOANS * base) / (loans + PSEUDO_LOANS) / base)
    value[(wanted < 0) | (base == 0)] = 0.0
    value[keys.isna().to_numpy()] = np.nan
    return value


def volume(
    history: History, peers: pd.Series, keys: pd.Series, at: pd.Series
) -> npt.NDArray[np.float64]:
    codes, uniques = pd.factorize(peers)
    wanted = pd.Index(uniques).get_indexer(pd.Index(keys))
    loans = _count(codes, history.dates, wanted, at, history.months)
    value = np.log1p(np.where(wanted < 0, 0, loans))
    value[keys.isna().to_numpy()] = np.nan
    return value


MEASURES: dict[str, Measure] = {"intensity": intensity, "volume": volume}


def table(
    measure: Measure, history: History, peers: pd.Series, last: pd.Timestamp
) -> dict[Any, float]:
    """Return the intensity of each key for an application on the day after `last`.

    A key that is not in the table has no recent loans: its intensity is 0.0.
    """
    keys = pd.Series(np.sort(peers.dropna().unique()))
    tomorrow = pd.Series(last + pd.Timedelta(days=1), index=keys.index)
    values = measure(history, peers, keys, tomorrow).round(PLACES).tolist()
    return {key: value for key, value in zip(keys, values, strict=True) if value}


def _base(history: History, at: pd.Series) -> npt.NDArray[np.float64]:
    """Return the rate of the whole portfolio."""
    everyone = np.zeros(len(history.dates), dtype=np.int64)
    loans, defaults = _matured(history, everyone, np.zeros(len(at), dtype=np.int64), at)
    return defaults / np.maximum(loans, 1)


def _matured(
    history: History, codes: Codes, wanted: Codes, at: pd.Series
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Count the loans whose outcome has matured, and the defaults among them."""
    days = history.matured()
    bad = days.where(history.outcomes == 1)
    loans, defaults = (
        _count(codes, dates, wanted, at, history.matured_months) for dates in (days, bad)
    )
    return loans, defaults


def count_before(codes: Codes, days: Days, wanted: Codes, at: Days) -> npt.NDArray[np.int64]:
    """Count, for each (wanted, at), the events of that code dated strictly before."""
    return _count_before(np.sort(codes * _SPAN + days), wanted, at)


def _count_before(events: Days, wanted: Codes, at: Days) -> npt.NDArray[np.int64]:
    starts = np.searchsorted(events, wanted * _SPAN - _SPAN // 2)
    return np.searchsorted(events, wanted * _SPAN + at) - starts


def days(dates: pd.Series) -> Days:
    since_epoch: Days = dates.to_numpy().astype("datetime64[D]").astype(np.int64)
    return since_epoch


def _count(
    codes: Codes, dates: pd.Series, wanted: Codes, at: pd.Series, months: int
) -> npt.NDArray[np.int64]:
    valid = dates.notna().to_numpy() & (codes >= 0)
    events = np.sort(codes[valid] * _SPAN + days(dates[valid]))
    start = days(pd.Series(pd.DatetimeIndex(at) - pd.DateOffset(months=months)))
    return _count_before(events, wanted, days(at)) - _count_before(events, wanted, start)
