"""Parsers of what people send to /policies: checked once, trusted from then on. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.foundation.request_fields import fields_of, require_none, text_fault
from chalicelib.foundation.text import Text
from chalicelib.governance.policies.times import written_at

LONGEST_REASON = 500  # characters
LATEST_DAYS = 366
MOST_DECISIONS = 5_000  # of a swap set

NO_TIME = Text(
    es="debe ser una hora con zona, como 2026-12-01T00:00:00Z",
    en="must be a time with its zone, such as 2026-12-01T00:00:00Z",
)
TOO_LATE = Text(es="debe estar a un año o menos", en="must be within a year")
PAST = Text(es="no debe estar en el pasado", en="must not be in the past")
COUNT_RANGE = Text(es="debe ser de 1 a 5000", en="must be 1 to 5000")
NO_VERSION = Text(es="debe ser la versión de una política", en="must be a policy's version")


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """A draft as it is asked for: the parts of a policy that change, why, and from when."""

    parts: Any
    reason: str
    effective_from: str


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    version: str
    reason: str


def draft_request(body: Any, now: datetime) -> DraftRequest:
    """Parse the body of POST /policies; without effectiveFrom it is now. Raises InvalidRequest."""
    given, errors = fields_of(body, {"policy", "reason", "effectiveFrom"})
    start, fault = _start(given.get("effectiveFrom"), now)
    errors |= {"effectiveFrom": fault} if fault else {}
    errors |= text_fault("reason", given, LONGEST_REASON)
    require_none(errors)
    return DraftRequest(given.get("policy"), given["reason"], start)


def rollback_request(body: Any) -> RollbackRequest:
    """Parse the body of POST /policy-rollback. Raises InvalidRequest."""
    given, errors = fields_of(body, {"policy", "reason"})
    version = given.get("policy")
    errors |= {} if version and isinstance(version, str) else {"policy": NO_VERSION}
    errors |= text_fault("reason", given, LONGEST_REASON)
    require_none(errors)
    return RollbackRequest(given["policy"], given["reason"])


def decisions_request(text: str) -> int:
    """Parse how many decisions a swap set has. Raises InvalidRequest."""
    if not text.isdecimal() or len(text) > len(str(MOST_DECISIONS)):
        require_none({"decisions": COUNT_RANGE}, outside=True)
    if not 1 <= int(text) <= MOST_DECISIONS:
        require_none({"decisions": COUNT_RANGE}, outside=True)
    return int(text)


def _start(given: Any, now: datetime) -> tuple[str, Text | None]:
    """Return the time of effect as acts have it, and its fault."""
    if given is None:
        return written_at(now), None
    try:
        start = datetime.fromisoformat(given)
    except (ValueError, TypeError):
        return "", NO_TIME
    if start.tzinfo is None:
        return "", NO_TIME
    if start < now:
        return "", PAST
    return written_at(start), TOO_LATE if (start - now).days >= LATEST_DAYS else None
