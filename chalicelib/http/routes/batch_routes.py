"""Views of batches of applications."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chalice.app import Request

from chalicelib.decisions.decision import REQUESTED_BY
from chalicelib.http.request_body import json_body
from chalicelib.http.routes.request_context import language_of, requested_by
from chalicelib.services import services
from chalicelib.services.batch_services import batch_files, batch_machine

if TYPE_CHECKING:
    from chalicelib.decisions.intake.batches.batch_desk import BatchDesk


def batches(request: Request) -> Any:
    person = requested_by(request)
    by = {REQUESTED_BY: person} if person else {}
    return _desk(request).post(json_body(request), by)


def batch(request: Request, batchId: str) -> Any:  # noqa: N803 - the path's own name
    return _desk(request).show(batchId)


def _desk(request: Request) -> "BatchDesk":
    from chalicelib.decisions.intake.batches.batch_desk import BatchDesk

    using, now, said_in = services(), datetime.now(UTC), language_of(request)
    return BatchDesk(batch_files(using), batch_machine(using), using.ever_served, now, said_in)
