"""The routes of batches: a new one with its upload, a start, and the progress.

Every call may be repeated: a start of a batch that runs or is done changes nothing, and a start
after a fault goes on with the chunks that are not decided.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from chalicelib.decisions.intake.batches import batch_files
from chalicelib.decisions.intake.batches.batch_files import (
    DECISIONS,
    INDEX,
    REFUSALS,
    REQUEST,
    SUMMARY,
    UPLOAD_SECONDS,
    BatchFiles,
)
from chalicelib.decisions.intake.batches.batch_ids import BATCH_ID, made_at, new_batch_id, written
from chalicelib.decisions.intake.batches.batch_indexing import MOST_BYTES
from chalicelib.decisions.intake.batches.batch_machine import RUNNING, Attempt
from chalicelib.decisions.intake.batches.batch_problems import (
    AnotherBatchRuns,
    BatchExpired,
    BatchNotFound,
    BatchNotUploaded,
)
from chalicelib.decisions.intake.batches.row_reading import FORMS
from chalicelib.foundation.errors import InvalidRequest, NoModelInService
from chalicelib.foundation.request_fields import (
    NOT_ONE_OF,
    naming,
    number_of_bytes,
    other_fields,
    require_none,
)
from chalicelib.foundation.text import Language, Text

Document = dict[str, Any]

# anchorEvidence takes records that come up to 7 days after their time.
OPEN_DAYS = 6
NOT_A_REQUEST = Text(
    es='debe ser un objeto con "format" y "bytes", o con "batchId"',
    en='must be an object with "format" and "bytes", or with "batchId"',
)
NOT_A_SIZE = Text(
    es="debe ser el tamaño del archivo, de 1 a {most} bytes",
    en="must be the file's size, 1 to {most} bytes",
).format(most=MOST_BYTES)
NOT_AN_ID = Text(
    es="debe ser el batchId que dio la primera llamada",
    en="must be the batchId that the first call gave",
)


class Machine(Protocol):
    def attempts(self, batch: str) -> list[Attempt]: ...
    def is_busy(self) -> bool: ...
    def start(self, batch: str, attempt: int, asked: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True)
class BatchDesk:
    """Batches, as one caller sees them now, in their language. `ever_served` says whether a model
    ever answered.
    """

    files: BatchFiles
    machine: Machine
    ever_served: Callable[[], bool]
    now: datetime
    language: Language

    def post(self, body: Any, by: Mapping[str, Any]) -> Document:
        """Return a new batch with its upload, or start the batch that the body names.

        `by` is the person who asks, if it is one. Raises InvalidRequest and the problems of
        batches.
        """
        if isinstance(body, dict) and "batchId" in body:
            _require(body, {"batchId": None if _is_id(body["batchId"]) else NOT_AN_ID})
            return self._start(body["batchId"])
        if not isinstance(body, dict):
            raise naming(InvalidRequest, {"body": NOT_A_REQUEST})
        form, size = body.get("format"), number_of_bytes(body.get("bytes"), MOST_BYTES)
        unknown = NOT_ONE_OF.format(values=", ".join(FORMS))
        _require(
            body,
            {
                "format": None if form in FORMS else unknown,
                "bytes": NOT_A_SIZE if size is None else None,
            },
        )
        return self._new({"format": form, "bytes": size, "language": self.language, **by})

    def show(self, batch: str) -> Document:
        """Return the state and the progress of a batch. Raises BatchNotFound."""
        names = self.files.names(batch) if _is_id(batch) else []
        if REQUEST not in names:
            raise BatchNotFound
        request = self.files.document(batch, REQUEST)
        summary = self.files.document(batch, SUMMARY) if SUMMARY in names else {}
        attempts = self.machine.attempts(batch)
        shown = {
            "batchId": batch,
            "format": request["format"],
            "state": summary.get("state") or _state(attempts),
            "createdAt": written(made_at(batch)),
            "language": request["language"],
        }
        if attempts:
            shown |= {"startedAt": written(attempts[0].started), "attempts": len(attempts)}
        if INDEX in names and "rows" not in summary:
            shown["rows"] = self._progress(batch, names)
        there = [name for name in (DECISIONS, REFUSALS) if name in names]
        if "rows" in summary:  # an erasure may have deleted them
            shown["files"] = {
                name.partition(".")[0]: self.files.download_url(batch, name) for name in there
            }
        return shown | summary | self._detail(summary)

    def _detail(self, summary: Document) -> Document:
        """Return why a file was refused, in the caller's language. Summaries of before 30 November
        2026 have it in the batch's alone.
        """
        both = summary.get("detail")
        return {"detail": both[self.language]} if isinstance(both, dict) else {}

    def _new(self, request: Document) -> Document:
        batch = new_batch_id(self.now)
        self.files.put(batch, REQUEST, request)
        upload = self.files.upload(batch, request["format"], request["bytes"])
        until = self.now + timedelta(seconds=UPLOAD_SECONDS)
        return self.show(batch) | {"upload": upload | {"expiresAt": written(until)}}

    def _start(self, batch: str) -> Document:
        shown = self.show(batch)
        if shown["state"] not in ("WAITING", "INTERRUPTED"):
            return shown
        if self.now - made_at(batch) > timedelta(days=OPEN_DAYS):
            raise BatchExpired
        if not self.files.is_uploaded(batch, shown["format"]):
            raise BatchNotUploaded
        if not self.ever_served():
            raise NoModelInService
        if self.machine.is_busy():
            raise AnotherBatchRuns
        asked = {"batchId": batch, "format": shown["format"], "isIndexed": "rows" in shown}
        self.machine.start(batch, shown.get("attempts", 0) + 1, asked)
        return self.show(batch)

    def _progress(self, batch: str, names: list[str]) -> Document:
        done = batch_files.results_among(batch, names).values()
        return {
            "total": self.files.document(batch, INDEX)["rows"],
            "decided": sum(one.decided for one in done),
            "refused": sum(one.refused for one in done),
        }


def _state(attempts: list[Attempt]) -> str:
    if not attempts:
        return "WAITING"
    return "RUNNING" if attempts[-1].status == RUNNING else "INTERRUPTED"


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(BATCH_ID.fullmatch(value))


def _require(body: Document, faults: Mapping[str, Text | None]) -> None:
    """Raise InvalidRequest for wrong fields, and for those that are not known."""
    wrong = {name: fault for name, fault in faults.items() if fault}
    require_none(wrong | other_fields(body, {*faults}))
