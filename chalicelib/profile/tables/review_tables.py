"""[review] and [contest] of credit.toml: who decides after the score, how soon, and why."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from chalicelib.foundation.text import Text
from chalicelib.profile.tables.base_table import Table

Verdict = Literal["APPROVE", "DECLINE"]


class Reason(Table, frozen=True):
    """A reason for one verdict. Its text is what the applicant reads."""

    verdict: Verdict
    text: Text


class Priority(Table, frozen=True):
    """An urgency of cases. Where several conditions are stated, all must hold."""

    name: str
    due_hours: int  # after the automatic decision
    basis: tuple[str, ...] = ()  # codes of rules, or bases of decisions
    amount_at_least: float | None = None

    def applies(self, basis: str, amount: float | None) -> bool:
        """Return whether a case has this urgency. A missing amount reaches no limit."""
        if self.basis and basis not in self.basis:
            return False
        limit = self.amount_at_least
        return limit is None or (amount is not None and amount >= limit)


USUAL_REASONS = {
    "APPROVED_BY_PERSON": Reason(
        "APPROVE",
        Text(
            es="Una persona del banco estudió el caso y lo aprobó.",
            en="A person at the bank studied the case and approved it.",
        ),
    ),
    "DECLINED_BY_PERSON": Reason(
        "DECLINE",
        Text(
            es="Una persona del banco estudió el caso y lo rechazó.",
            en="A person at the bank studied the case and declined it.",
        ),
    ),
}


class Review(Table, frozen=True):
    """The rules of people's decisions. `amount` names the feature that holds the amount.

    The first priority that applies is a case's; the last one applies to all.
    """

    amount: str | None = None  # without it every verdict needs a second person
    second_person_above: float = 0.0  # in the amount's unit
    claim_minutes: int = 60
    priorities: tuple[Priority, ...] = (Priority("NORMAL", 48),)
    reasons: dict[str, Reason] = msgspec.field(default_factory=lambda: dict(USUAL_REASONS))

    def requested(self, application: Mapping[str, Any]) -> float | None:
        """Return the amount of an application, or None if it has none."""
        found = application.get(self.amount) if self.amount else None
        return found if isinstance(found, int | float) else None

    def needs_second_person(
        self, verdict: Verdict, application: Mapping[str, Any], fired: tuple[str, ...]
    ) -> bool:
        """Return whether another person must agree. `fired` has the effects of rules that fired."""
        amount = self.requested(application)
        is_large = amount is None or amount > self.second_person_above
        return is_large or (verdict == "APPROVE" and "DECLINE" in fired)

    def priority(self, basis: str, application: Mapping[str, Any]) -> Priority:
        amount = self.requested(application)
        return next(one for one in self.priorities if one.applies(basis, amount))


class Contest(Table, frozen=True):
    """The clock of a contest: so soon a person ends it. [rights] says until when it may come."""

    due_days: int = 15
