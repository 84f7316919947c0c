"""What a bank knew on a day of the past: loans approved until then, defaults until then, and an
outcome only where the profile's months had passed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.datasets import sba

SEED = 2004


@dataclass(frozen=True)
class Register:
    """`learnt_from` marks the loans whose outcome may be learnt from; the others are peers only."""

    loans: pd.DataFrame
    learnt_from: pd.Series
    outcome_months: int
    months: int  # of approvals that a training may look back at

    @classmethod
    def sampled(
        cls, loans: pd.DataFrame, share: float, outcome_months: int, months: int
    ) -> "Register":
        drawn = np.random.default_rng(SEED).random(len(loans)) < share
        return cls(loans, pd.Series(drawn, loans.index), outcome_months, months)

    def known(self, day: pd.Timestamp) -> pd.DataFrame:
        """The snapshot of a training on that day."""
        eve = day - pd.Timedelta(days=1)
        table = sba.snapshot(self.loans, day - pd.DateOffset(months=self.months), eve)
        matured = pd.DatetimeIndex(table["approvalDate"])
        matured = matured + pd.DateOffset(months=self.outcome_months) <= day
        return table.assign(
            defaulted=table["defaulted"].where(matured & self.learnt_from[table.index]),
            defaultDate=table["defaultDate"].where(table["defaultDate"] < day),
        )

    def matured(self, day: pd.Timestamp) -> pd.DataFrame:
        """Return the loans of which the outcome is known on that day, drawn or not."""
        last = day - pd.DateOffset(months=self.outcome_months)
        table = sba.snapshot(self.loans, day - pd.DateOffset(months=self.months), last)
        return table[table["defaulted"].notna()]

    def approved(self, day: pd.Timestamp) -> pd.DataFrame:
        """The month's loans from `day` on, with what came of them, as is known today."""
        return sba.snapshot(self.loans, day, day + pd.offsets.MonthEnd(1))

    def approved_in_the_year_before(self, day: pd.Timestamp) -> pd.DataFrame:
        eve = day - pd.Timedelta(days=1)
        return sba.snapshot(self.loans, day - pd.DateOffset(years=1), eve)
