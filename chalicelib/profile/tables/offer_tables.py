"""[offer] of credit.toml: the largest amount, the price and the conditions of each band."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.foundation.text import Text
from chalicelib.profile.tables.base_table import Table


class Band(Table, frozen=True, omit_defaults=True):
    """The terms of an approval from a score on, until the next band begins."""

    score_from: float
    maximum_amount: float  # in the unit of the offer's amount
    annual_rate: float  # per cent
    conditions: tuple[str, ...] = ()  # codes of the offer's conditions


class Offer(Table, frozen=True, omit_defaults=True):
    """The bands of score. `amount` names the feature that holds the requested amount.

    Texts of conditions are a part of the policy: what an applicant read must be found years later.
    """

    amount: str
    bands: tuple[Band, ...]
    conditions: dict[str, Text] = msgspec.field(default_factory=dict)
    open_days: int = 30  # in which a counter-offer may be taken, after the decision

    def band(self, points: int) -> Band | None:
        """Return the highest band that a score reaches, or None below the lowest."""
        reached = [band for band in self.bands if points >= band.score_from]
        return max(reached, key=lambda band: band.score_from, default=None)

    def terms(
        self, application: Mapping[str, float | int | str], points: int | None
    ) -> dict[str, Any] | None:
        """Return the terms of an approval, or None if a person must decide on the amount.

        Without an amount, without a score, or below the lowest band, there are no terms.
        """
        band = self.band(points) if points is not None else None
        amount = application.get(self.amount)
        if band is None or isinstance(amount, str | None) or amount > band.maximum_amount:
            return None
        return {
            "maximumAmount": band.maximum_amount,
            "annualRate": band.annual_rate,
            "conditions": [{"code": code} for code in band.conditions],
        }
