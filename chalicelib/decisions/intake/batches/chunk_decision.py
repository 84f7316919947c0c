"""The function decideChunk: the decisions of a chunk's rows.

It asks each model once for all rows. A batch has no caller who waits, so a model that is silent is
asked again by the state machine, and no row is decided without it meanwhile. A decision's id is
that of its row, and it is stored once: a repeat finds it.

A row is refused if its client was erased after the batch was asked for. What was stored while the
client was being erased is noted for the hourly watch, which erases it.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from chalicelib.decisions.application import CreditApplication
from chalicelib.decisions.decision import REQUESTED_BY, decision_record
from chalicelib.decisions.intake.batches import row_reading
from chalicelib.decisions.intake.batches.batch_files import (
    INDEX,
    REQUEST,
    BatchFiles,
    ChunkResult,
    Source,
)
from chalicelib.decisions.intake.batches.batch_ids import made_at, prediction_id, written
from chalicelib.decisions.intake.batches.batch_problems import erased_row
from chalicelib.decisions.intake.batches.row_reading import JsonLines, Reader, Table
from chalicelib.foundation import observability
from chalicelib.foundation.errors import InvalidApplication, InvalidRequest, ModelRejected
from chalicelib.foundation.text import Text
from chalicelib.profile import Profile
from chalicelib.scoring import consents
from chalicelib.scoring.branch_results import Answer, Scored, Skipped, Unavailable

Document = dict[str, Any]

WRITERS = 8  # at once; a write waits for DynamoDB for some milliseconds
SHOWN = ("predictionId", "decision", "decisionBasis", "score", "probabilityOfDefault")


class Scoring(Protocol):
    def score_all(self, model: str, applications: Sequence[dict[str, Any]]) -> list[Scored]: ...


class Predictions(Protocol):
    def add(self, prediction: Document) -> Document: ...


OfClient = Callable[[str], Document | None]


class Erasures(Protocol):
    def since(self, at: datetime) -> OfClient: ...
    def note_late(self, client_id: str, erasure: Document) -> None: ...


@dataclass(frozen=True)
class Deciding:
    """The collaborators of a decision: the policy in force, the models, the table with its
    erasures, and the queue.
    """

    profile: Profile
    scoring: Scoring
    predictions: Predictions
    erasures: Erasures
    open_case: Callable[[Document], None]
    review_only: bool


def decide_chunk(event: Mapping[str, Any], files: BatchFiles, deciding: Deciding) -> Document:
    """Decide a chunk of a batch, unless it was decided. The answer is empty: that of a map's
    children together may not exceed 256 KB.

    Raises an EndpointFault if a model is silent, and TableUnavailable.
    """
    batch, chunk = event["batchId"], event["chunk"]
    if files.has_result(batch, chunk["number"]):
        return {}
    request, index = files.document(batch, REQUEST), files.document(batch, INDEX)
    body = files.part(Source(**index["source"]), chunk["start"], chunk["end"])
    read, refused = _read(body, chunk["first"], _reader(index, deciding.profile), request, deciding)
    rows, gone = _without_erased(read, deciding.erasures.since(made_at(batch)))
    answers = _answers(rows, deciding)
    store = partial(_store, batch, request, deciding)
    with ThreadPoolExecutor(WRITERS) as writers:
        stored = [*writers.map(store, rows, answers)]
    late = _noted_late(rows, deciding.erasures, made_at(batch))
    decided = [one for one in stored if one["row"] not in late]
    refused += [erased_row(number, request["language"]) for number in (*gone, *late)]
    told = sorted([*decided, *refused], key=lambda one: one["row"])
    result = ChunkResult("", len(decided), len(refused))
    files.put_result(batch, chunk["number"], result, _lines(told))
    observability.chunk_decided(Counter(one["decision"] for one in decided), _silent(answers))
    return {}


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    application: CreditApplication


def _without_erased(rows: Sequence[Row], erased: OfClient) -> tuple[list[Row], list[int]]:
    """Return the rows of clients who were not erased, and the numbers of the others."""
    gone = [row.number for row in rows if erased(row.application.client_id)]
    return [row for row in rows if row.number not in gone], gone


def _noted_late(rows: Sequence[Row], erasures: Erasures, since: datetime) -> list[int]:
    """Note the clients who were being erased while their rows were stored, and return the rows'
    numbers. An erasure that begins later finds the decisions itself.
    """
    erased = erasures.since(since)
    found = [(row, order) for row in rows if (order := erased(row.application.client_id))]
    for row, order in found:
        erasures.note_late(row.application.client_id, order)
    return [row.number for row, _ in found]


def _reader(index: Document, profile: Profile) -> Reader:
    if "columns" in index:
        return Table.of(index["columns"], index["delimiter"], profile)
    return JsonLines()


def _read(
    body: bytes, first: int, reader: Reader, request: Document, deciding: Deciding
) -> tuple[list[Row], list[Document]]:
    """Return the applications of a chunk, and its refused rows with the problems of each."""

    def say(text: Text) -> str:
        return text.said_in(request["language"])

    rows, refused = [], []
    for number, line in row_reading.rows(body, first):
        try:
            rows.append(Row(number, row_reading.application(line, reader, deciding.profile)))
        except (InvalidApplication, InvalidRequest) as fault:
            shown = row_reading.problems(fault).to_payload(say)
            refused.append({"row": number, "errors": shown["errors"]})
    return rows, refused


def _answers(rows: Sequence[Row], deciding: Deciding) -> list[dict[str, Answer]]:
    """Return each row's answers by model, in the models' order. Raises an EndpointFault."""
    models = list(deciding.profile.models)
    ask = partial(_of_model, rows, deciding)
    with ThreadPoolExecutor(len(models)) as calls:
        by_model = [*calls.map(ask, models)]
    return [dict(zip(models, said, strict=True)) for said in zip(*by_model, strict=True)]


def _of_model(rows: Sequence[Row], deciding: Deciding, model: str) -> list[Answer]:
    """Return a model's answer for each row. It is not asked about who did not consent to it."""
    lacking = [deciding.profile.without_consent(r.application.consents).get(model) for r in rows]
    asked = [
        row.application.values
        for row, consent in zip(rows, lacking, strict=True)
        if consent is None
    ]
    scored = iter(_scored(asked, model, deciding.scoring))
    return [next(scored) if consent is None else Skipped(consent) for consent in lacking]


def _scored(asked: Sequence[dict[str, Any]], model: str, scoring: Scoring) -> list[Answer]:
    """Return the answers of one call, or of two halves if the model rejects it: a single
    application that it can't score does not cost the others their answers.
    """
    if not asked:
        return []
    try:
        return [*scoring.score_all(model, asked)]
    except ModelRejected as fault:
        if len(asked) == 1:
            return [Unavailable({"Error": ModelRejected.__name__, "Cause": str(fault)})]
        half = len(asked) // 2
        parts = (asked[:half], asked[half:])
        return [answer for part in parts for answer in _scored(part, model, scoring)]


def _store(
    batch: str, request: Document, deciding: Deciding, row: Row, answers: Mapping[str, Answer]
) -> Document:
    """Store the decision of a row, and return it as the result shows it."""
    application = row.application
    asked = {
        "predictionId": prediction_id(batch, row.number),
        "clientId": application.client_id,
        "createdAt": written(made_at(batch)),
        "language": request["language"],
        "application": application.values,
        "batch": {"batchId": batch, "row": row.number},
        **consents.recorded(application.consents),
    }
    asked |= {name: request[name] for name in (REQUESTED_BY,) if name in request}
    record = decision_record(
        consents.asked(asked), answers, deciding.profile, review_only=deciding.review_only
    )
    if record["decision"] == "REVIEW":
        deciding.open_case(record)
    stored = deciding.predictions.add(record)
    return {"row": row.number, **{name: stored[name] for name in SHOWN}}


def _silent(answers: Sequence[Mapping[str, Answer]]) -> Counter[str]:
    """Return how many rows each model rejected."""
    return Counter(
        model for one in answers for model, answer in one.items() if isinstance(answer, Unavailable)
    )


def _lines(documents: Sequence[Document]) -> bytes:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in documents).encode()
