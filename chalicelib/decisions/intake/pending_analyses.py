"""Analyses whose caller got 202: under way until a deadline, then failed.

Step Functions describes no execution of an EXPRESS machine, so a mark in the table says which
analyses began: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html.
The mark is stored before the answer 202, and lives as long as an idempotency key.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from chalicelib.decisions.intake.analysis_machine import location
from chalicelib.decisions.intake.idempotency_keys import KEY_DAYS
from chalicelib.foundation.errors import AnalysisPending, PredictionNotFound, Problem
from chalicelib.foundation.text import Text
from chalicelib.scoring.time_budgets import PENDING_SECONDS

Document = dict[str, Any]


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
    def mark(self, client_id: str, key: str, claim: Document, days: int) -> None: ...
    def claimed(self, client_id: str, key: str) -> Document | None: ...


def mark(request: Document, predictions: Marks, now: datetime) -> None:
    """Store that an analysis is under way until PENDING_SECONDS from now."""
    until = (now + timedelta(seconds=PENDING_SECONDS)).astimezone(UTC).isoformat()
    claim = {"createdAt": request["createdAt"], "claimedId": request["predictionId"]}
    client_id, name = request["clientId"], request["predictionId"]
    predictions.mark(client_id, name, claim | {"pendingUntil": until}, KEY_DAYS)


def is_under_way(request: Document, predictions: Marks, now: datetime) -> bool | None:
    """Return whether a request's analysis is under way; None if it has no mark."""
    found = predictions.claimed(request["clientId"], request["predictionId"])
    return now < datetime.fromisoformat(found["pendingUntil"]) if found else None


@contextmanager
def known(client_id: str, prediction_id: str, predictions: Marks, now: datetime) -> Iterator[None]:
    """Turn a PredictionNotFound into what is known of the analysis.

    Raises AnalysisPending while it is under way, AnalysisFailed after its deadline, and
    PredictionNotFound if none is known to have begun.
    """
    try:
        yield
    except PredictionNotFound:
        request = {"clientId": client_id, "predictionId": prediction_id}
        is_pending = is_under_way(request, predictions, now)
        if is_pending is None:
            raise
        raise AnalysisPending(location(request)) if is_pending else AnalysisFailed from None
