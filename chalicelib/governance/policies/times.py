"""Times of acts as text, which sorts as time does."""

import secrets
from datetime import UTC, datetime


def written_at(at: datetime) -> str:
    """Return a time in ISO 8601, UTC, with milliseconds: as decisions have it."""
    utc = at.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def act_id(at: datetime) -> str:
    """Return an id that sorts by time, and that no other act has."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
