"""Analyses under way: one at a time of a key, and for a caller that got 202 until a deadline.

Step Functions describes no execution of an EXPRESS machine, so a mark in the table says which
analyses began: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html.
The mark is stored before the answer 202, and lives as long as an idempotency key.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from chalicelib.decisions.intake.analysis_machine import location
from chalicelib.decisions.intake.idempotency_keys import KEY_DAYS
from chalicelib.foundation.errors import (
    AnalysisPending,
    PredictionNotFound,
    Problem,
    TableUnavailable,
)
from chalicelib.foundation.text import Text
from chalicelib.scoring.time_budgets import HELD_SECONDS, PENDING_SECONDS

Document = dict[str, Any]

HELD, PENDING = timedelta(seconds=HELD_SECONDS), timedelta(seconds=PENDING_SECONDS)


class AnalysisFailed(Problem):
    """An analysis that began, and that has no decision after its deadline."""

    status = 409  # no 5xx: a client that repeats the GET by itself would do so in vain
    title = Text(es="El análisis terminó sin decisión", en="The analysis ended without a decision")
    usual = Text(
        es="No se guardó ninguna decisión. Envíe otra vez la misma solicitud; con su "
        "Idempotency-Key se decide una sola vez.",
        en="No decision was stored. Send the same application again; with its Idempotency-Key it "
        "is decided once.",
    )


class Marks(Protocol):
    def mark(self, client_id: str, name: str, mark: Document, days: int) -> None: ...
    def take(
        self, client_id: str, name: str, mark: Document, days: int, seen: Document | None
    ) -> bool: ...
    def claimed(self, client_id: str, key: str) -> Document | None: ...


@dataclass(frozen=True, slots=True)
class Turns:
    """Turns of the requests with one key: one at a time runs the machine, and others get 202.

    The first request has its turn by its claim. Later turns and ends of turns are marks.
    """

    marks: Marks
    now: Callable[[], datetime]

    def is_free(self, request: Document) -> bool:
        """Return whether a repeated request may run the machine, and give it the turn if so.

        A turn ends with its answer; of a process that died, after HELD_SECONDS.
        """
        seen, now = self.marks.claimed(*_place(request)), self.now()
        began = datetime.fromisoformat(request["createdAt"])
        held_until = datetime.fromisoformat(seen["heldUntil"]) if seen else began + HELD
        if now >= held_until:
            mark = _mark(request, now + HELD, now + PENDING)
            return self.marks.take(*_place(request), mark, KEY_DAYS, seen)
        if not seen:  # its caller is sent to the decision's place
            mark = _mark(request, held_until, began + PENDING)
            self.marks.take(*_place(request), mark, KEY_DAYS, seen)
        return False

    def keep(self, request: Document) -> None:
        """Keep the turn of an analysis that goes on without a caller, until it has failed."""
        until = self.now() + PENDING
        self.marks.mark(*_place(request), _mark(request, until, until), KEY_DAYS)

    def end(self, request: Document) -> None:
        """End the turn of an analysis that failed, so that a repeat runs at once."""
        now = self.now()
        with suppress(TableUnavailable):  # then the turn ends by itself
            self.marks.mark(*_place(request), _mark(request, now, now), KEY_DAYS)


@contextmanager
def known(client_id: str, prediction_id: str, marks: Marks, now: datetime) -> Iterator[None]:
    """Turn a PredictionNotFound into what is known of the analysis.

    Raises AnalysisPending while it is under way, AnalysisFailed after its deadline, and
    PredictionNotFound if none is known to have begun.
    """
    try:
        yield
    except PredictionNotFound:
        found = marks.claimed(client_id, prediction_id)
        if found is None:
            raise
        request = {"clientId": client_id, "predictionId": prediction_id}
        is_pending = now < datetime.fromisoformat(found["pendingUntil"])
        raise AnalysisPending(location(request)) if is_pending else AnalysisFailed from None


def _place(request: Document) -> tuple[str, str]:
    return request["clientId"], request["predictionId"]


def _mark(request: Document, held_until: datetime, pending_until: datetime) -> Document:
    return {
        "createdAt": request["createdAt"],
        "claimedId": request["predictionId"],
        "heldUntil": held_until.isoformat(),
        "pendingUntil": pending_until.isoformat(),
    }
