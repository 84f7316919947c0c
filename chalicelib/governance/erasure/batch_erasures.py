"""Erasures as batches see them: no row is decided of a client who was erased after the batch was
asked for, and its files name no decision that was erased.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chalicelib.governance.erasure.erasure_table import ErasureTable, is_of

Erasure = dict[str, Any]


class BatchErasures:
    """The erasures in the table."""

    def __init__(self, table: ErasureTable) -> None:
        self._table = table

    def since(self, at: datetime) -> Callable[[str], Erasure | None]:
        """Return a function that returns a client's erasure from a time on, if there is one."""
        found = self._table.ordered_since(at)

        def of_client(client_id: str) -> Erasure | None:
            return next((one for one in found if is_of(one, client_id)), None)

        return of_client

    def note_late(self, client_id: str, erasure: Erasure) -> None:
        """Have the hourly watch erase what was stored while the client was being erased."""
        self._table.note_late(client_id, erasure, datetime.now(UTC))

    def erased_decisions(self, beginning: str) -> set[str]:
        """Return the ids of erased decisions that begin so."""
        return {*self._table.erased_records(beginning)}
