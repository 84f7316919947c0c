"""Sources of a first snapshot: the demo's loan register, or a bank's own file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:  # who asks another process for loans loads no pandas
    import pandas as pd


class NoRegister(Exception):
    """The loan register, or a file in its place, that can't be had."""


class NoLoans(Exception):
    """Months of which a data set has no loans."""


class UnreadableData(Exception):
    """A bank's own file that is not what the profile describes."""


class Case(TypedDict):
    clientId: str
    application: dict[str, Any]
    defaulted: bool | None  # what really happened; None: nobody wrote it down
    default_days: int | None  # after the application; None: never, or nobody wrote it down


@dataclass(frozen=True)
class FirstSnapshot:
    """Loans that first models may learn from, in Parquet."""

    name: str
    rows: int
    parquet: bytes


@dataclass(frozen=True)
class Dataset:
    """`snapshot` is what models may learn from; they have seen none of the `cases`.

    `later` are loans from one day to another with what became of them, as a bank would report them.
    """

    name: str
    snapshot: "Callable[[], pd.DataFrame]"
    cases: Callable[[], Iterator[Case]]
    later: "Callable[[pd.Timestamp, pd.Timestamp], pd.DataFrame]"

    def first_snapshot(self) -> FirstSnapshot:
        table, body = self.snapshot(), BytesIO()
        table.to_parquet(body, index=False)
        return FirstSnapshot(self.name, len(table), body.getvalue())
