"""Where a first snapshot comes from: the demo's loan register, or a bank's own file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypedDict

import pandas as pd


class Case(TypedDict):
    clientId: str
    application: dict[str, Any]
    defaulted: bool | None  # what really happened; None: nobody wrote it down


@dataclass(frozen=True)
class Dataset:
    """`snapshot` is what models may learn from; they have seen none of the `cases`."""

    name: str
    snapshot: Callable[[], pd.DataFrame]
    cases: Callable[[], Iterator[Case]]
