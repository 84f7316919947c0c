"""Problems of batches, and of a row whose client was erased."""

from typing import Any

from chalicelib.foundation.body_member import pointer_of
from chalicelib.foundation.errors import Problem
from chalicelib.foundation.text import Language, Text

CLIENT_ERASED = "CLIENT_ERASED"
ERASED = Text(
    es="fue eliminado después de pedirse el lote", en="was erased after the batch was asked for"
)


class BatchNotFound(Problem):
    status = 404
    title = Text(es="No existe ese lote", en="There is no such batch")
    usual = Text(es="Revise batchId.", en="Check batchId.")


class BatchNotUploaded(Problem):
    """A batch that is to start, and whose file is not there."""

    status = 409
    title = Text(es="El archivo del lote no está", en="The file of the batch is not there")
    usual = Text(
        es="Suba el archivo con el PUT que dio la primera llamada; si caducó, pida otro lote.",
        en="Upload the file by the PUT that the first call gave; if it expired, ask for a new "
        "batch.",
    )


class BatchExpired(Problem):
    """A batch that is too old to go on: its decisions have its time, and the evidence of that day
    is closed.
    """

    status = 409
    title = Text(es="El lote ha caducado", en="The batch has expired")
    usual = Text(
        es="Un lote se decide en los 6 días tras pedirlo. Pida otro con las filas que faltan.",
        en="A batch is decided within 6 days of its request. Ask for a new one with the rows that "
        "are missing.",
    )


class AnotherBatchRuns(Problem):
    """Batches take turns, so that applications of the day keep their part of the endpoints."""

    status, retry_after = 429, 60
    title = Text(es="Ya se está decidiendo otro lote", en="Another batch is being decided")
    usual = Text(
        es="Los lotes van de uno en uno. Repita la misma petición cuando termine.",
        en="Batches take turns. Repeat the same request when it has ended.",
    )


def erased_row(row: int, language: Language) -> dict[str, Any]:
    """Return the refusal of a row whose client was erased after the batch was asked for."""
    place = pointer_of("clientId")
    fault = {"field": "clientId", "message": ERASED.said_in(language), "pointer": place}
    return {"row": row, "reason": CLIENT_ERASED, "errors": [fault]}
