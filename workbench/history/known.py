"""A bank's knowledge on a day of the past.

Loans approved until then, defaults until then, and an outcome only where the profile's months had
passed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from datasets import sba
from training.snapshots.snapshot import Learning, Part

SEED = 2004


@dataclass(frozen=True)
class Register:
    """A training learns from a `share` of the matured loans; the others are peers only."""

    loans: pd.DataFrame
    share: float
    outcome_months: int
    months: int  # of approvals that a training may look back at

    def known(self, day: pd.Timestamp) -> pd.DataFrame:
        """Return the snapshot of a training on that day."""
        eve = day - pd.Timedelta(days=1)
        table = sba.snapshot(self.loans, day - pd.DateOffset(months=self.months), eve)
        matured = pd.DatetimeIndex(table["approvalDate"])
        matured = matured + pd.DateOffset(months=self.outcome_months) <= day
        return table.assign(
            defaulted=table["defaulted"].where(matured),
            defaultDate=table["defaultDate"].where(table["defaultDate"] < day),
        )

    def learnt_from(self, learning: Learning) -> Learning:
        """Return what a training learns from and is judged on: rows drawn at random."""
        rng = np.random.default_rng(SEED)
        parts = (learning.training, learning.calibration, learning.holdout)
        drawn = [rng.random(len(part.rows)) < self.share for part in parts]
        training, calibration, holdout = map(_drawn, parts, drawn)
        brought = learning.brought[drawn[-1]].reset_index(drop=True)
        return Learning(training, calibration, holdout, brought, learning.tables, learning.seen)

    def matured(self, day: pd.Timestamp) -> pd.DataFrame:
        """Return the loans of which the outcome is known on that day, drawn or not."""
        last = day - pd.DateOffset(months=self.outcome_months)
        table = sba.snapshot(self.loans, day - pd.DateOffset(months=self.months), last)
        return table[table["defaulted"].notna()]

    def approved(self, day: pd.Timestamp) -> pd.DataFrame:
        """Return the loans of the month from `day` on, with the outcomes that are known today."""
        return sba.snapshot(self.loans, day, day + pd.offsets.MonthEnd(1))

    def approved_in_the_year_before(self, day: pd.Timestamp) -> pd.DataFrame:
        eve = day - pd.Timedelta(days=1)
        return sba.snapshot(self.loans, day - pd.DateOffset(years=1), eve)


def _drawn(part: Part, drawn: npt.NDArray[np.bool_]) -> Part:
    rows, outcomes, ages, audit = (
        frame[drawn].reset_index(drop=True)
        for frame in (part.rows, part.outcomes, part.ages, part.audit)
    )
    return Part(rows, outcomes, ages, audit, part.window)
