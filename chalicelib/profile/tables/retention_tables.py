"""[retention] of credit.toml: how long a client's records are kept, and which law asks for them."""

from datetime import datetime, timedelta
from typing import Literal

from chalicelib.foundation.text import Text
from chalicelib.profile.tables.base_table import Table

Form = Literal["keep", "pseudonymise"]


class Retained(Table, frozen=True):
    """A class of records, when its client is erased.

    For `days` after the decision, the records of the class have the form `meanwhile`; later they
    are pseudonymised. `law` is a template: the bank's counsel decides on it.
    """

    law: Text
    days: int = 0
    meanwhile: Form = "pseudonymise"

    def until(self, decided_at: str) -> str:
        """Return the last day of the law's term, in UTC, as YYYY-MM-DD."""
        return (datetime.fromisoformat(decided_at).date() + timedelta(days=self.days)).isoformat()

    def is_kept(self, decided_at: str, today: str) -> bool:
        """Return whether a record of the class stays as it is; it does on its last day, too."""
        return self.meanwhile == "keep" and self.days > 0 and today <= self.until(decided_at)


NO_LAW = Text(
    es="Ninguna ley del perfil pide conservarlo.", en="No law of the profile asks for it."
)


class Retention(Table, frozen=True):
    """The classes. A loan is a decision that a person or the policy approved.

    DynamoDB deletes records of decisions `records_days` after they were written, and reviewers'
    cases `cases_days` after they were closed. 0: never.
    """

    loans: Retained = Retained(NO_LAW)
    decisions: Retained = Retained(NO_LAW)  # that became no loan
    records_days: int = 0
    cases_days: int = 0
