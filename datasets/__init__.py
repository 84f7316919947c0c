"""Sources of a first snapshot: the demo's loan register, or a bank's own file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypedDict

import pandas as pd


class Case(TypedDict):
    clientId: str
    application: dict[str, Any]
    defaulted: bool | None  # what really happened; None: nobody wrote it down
    default_days: int | None  # after the application; None: never, or nobody wrote it down


@dataclass(frozen=True)
class Dataset:
    """`snapshot` is what models may learn from; they have seen none of the `cases`.

    `later` are loans from one day to another with what became of them, as a bank would report them.
    """

    name: str
    snapshot: Callable[[], pd.DataFrame]
    cases: Callable[[], Iterator[Case]]
    later: Callable[[pd.Timestamp, pd.Timestamp], pd.DataFrame]
