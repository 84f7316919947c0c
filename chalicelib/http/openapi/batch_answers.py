"""Types of answers about batches."""

from typing import Literal

from msgspec import UNSET, UnsetType

from chalicelib.decisions.intake.batches.row_reading import Form
from chalicelib.foundation.text import Language
from chalicelib.http.openapi.decision_answers import Answer


class BatchRows(Answer):
    """Rows of a batch so far."""

    total: int
    decided: int
    refused: int


class Upload(Answer):
    """The request that uploads the file: exactly so many bytes of this type, until a time."""

    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    expires_at: str


class BatchResults(Answer):
    """Addresses of the results, for 15 minutes. An erasure of a client deletes them."""

    decisions: str | UnsetType = UNSET
    refusals: str | UnsetType = UNSET


class Batch(Answer):
    """A batch: its state and its progress. `detail` says why a file was refused."""

    batch_id: str
    format: Form
    state: Literal["WAITING", "RUNNING", "INTERRUPTED", "DONE", "REFUSED"]
    created_at: str
    language: Language
    upload: Upload | UnsetType = UNSET
    started_at: str | UnsetType = UNSET
    ended_at: str | UnsetType = UNSET
    attempts: int | UnsetType = UNSET
    rows: BatchRows | UnsetType = UNSET
    decisions: dict[str, int] | UnsetType = UNSET
    files: BatchResults | UnsetType = UNSET
    detail: str | UnsetType = UNSET
