"""Events that a function was given and has not handled to the end, and starts of executions that
have not ended.

They are on disk, so that a restart delivers them again. AWS keeps them, too:
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.kept_state.durability import Kept


log = logging.getLogger("localcloud")

MOST_RESTARTS = 3  # an event that ends the process each time is not tried for ever


class PendingEvents:
    def __init__(self, kept: "Kept") -> None:
        self._kept = kept

    def accept(self, function: str, payload: bytes, deliver: Callable[[int], None]) -> None:
        """Deliver an event once it is on disk, under its number. Raises NotStored."""
        with self._kept.writing() as rows:
            number = rows.add_event(function, payload)
            rows.afterwards(lambda: deliver(number))

    def handled(self, number: int) -> None:
        self._kept.eventually(lambda: self._forget(number))

    def after_a_restart(self) -> list[tuple[int, str, bytes]]:
        """Return the events to deliver again: number, function, payload."""
        pending = self._kept.pending_events()
        for number, function, _, restarts in pending:
            if restarts > MOST_RESTARTS and not _is_waiting(function):
                log.error(
                    "An event of %s (number %d) was being handled when the process ended, %d times:"
                    " it is not delivered again, and stays in the table events of cloud.sqlite.",
                    function, number, restarts,
                )  # fmt: skip
        return [one[:3] for one in pending if one[3] <= MOST_RESTARTS or _is_waiting(one[1])]

    def _forget(self, number: int) -> None:
        with self._kept.writing() as rows:
            rows.execute("delete from events where id = ?", [number])


def _is_waiting(function: str) -> bool:
    """Return whether it is a message of a queue, which may wait for days."""
    return function.startswith("queue#")
