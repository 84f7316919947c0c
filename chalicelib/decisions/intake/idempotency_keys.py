"""Idempotency keys: the first request with a key claims it, and a repeat is the same request."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chalicelib.decisions.decision import REQUESTED_BY
from chalicelib.foundation.errors import IdempotencyConflict, InvalidRequest
from chalicelib.foundation.request_fields import naming
from chalicelib.foundation.text import Text
from chalicelib.scoring import consents

Document = dict[str, Any]

KEY_DAYS = 1  # 24 hours: docs/api.md promises them
LONGEST = 255  # characters
KEY_LENGTH = Text(es="debe tener de 1 a 255 caracteres", en="must be 1 to 255 characters")
KEY_REPEATED = Text(es="debe venir una sola vez", en="must come only once")


class Predictions(Protocol):
    def claim(self, client_id: str, key: str, claim: Document, days: int | None) -> Document: ...


@dataclass(frozen=True, slots=True)
class Claimed:
    """A request under its key, with the prediction id, the time and the person of the first with
    this key. `is_repeat`: another request was the first.
    """

    request: Document
    is_repeat: bool


def only_key(idempotency_keys: Sequence[str]) -> str | None:
    """Return the idempotency key, None without any.

    Raises InvalidRequest for a length that no key has, and for several: which of them names the
    request is not clear.
    """
    if len(idempotency_keys) > 1:
        raise _invalid_key(KEY_REPEATED)
    for key in idempotency_keys:
        if not 1 <= len(key) <= LONGEST:
            raise _invalid_key(KEY_LENGTH)
        return key
    return None


def claimed(
    request: Document, key: str, predictions: Predictions, days: int | None = None
) -> Claimed:
    """Claim a key for a request of `days`, None: as long as records live.

    Raises IdempotencyConflict if the first request was for another application.
    """
    claim = {
        "createdAt": request["createdAt"],
        "claimedId": request["predictionId"],
        "applicationHash": consents.hash_of(request),
    }
    claim |= asked_by(request.get(REQUESTED_BY))
    first = predictions.claim(request["clientId"], claim_key(key), claim, days)
    if first["applicationHash"] != claim["applicationHash"]:
        raise IdempotencyConflict
    own = {name: value for name, value in request.items() if name != REQUESTED_BY}
    own |= {"predictionId": first["claimedId"], "createdAt": first["createdAt"]}
    is_repeat = first["claimedId"] != request["predictionId"]
    return Claimed(own | asked_by(first.get(REQUESTED_BY)), is_repeat)


def asked_by(person: Document | None) -> Document:
    """Return who asked, as a request and a claim keep it; nothing if a key did."""
    return {REQUESTED_BY: person} if person else {}


def claim_key(idempotency_key: str) -> str:
    """Return the name under which the table keeps a claim of the key."""
    return hashlib.sha256(idempotency_key.encode()).hexdigest()


def _invalid_key(fault: Text) -> InvalidRequest:
    return naming(InvalidRequest, {"Idempotency-Key": fault}, outside=True)
