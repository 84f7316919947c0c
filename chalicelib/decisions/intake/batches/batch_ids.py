"""Ids of batches and of their decisions, which a repeat derives again."""

import hashlib
import re
import secrets
from datetime import UTC, datetime

from chalicelib.decisions.predictions import PREDICTION_ID

BATCH_ID = re.compile(PREDICTION_ID.pattern)


def new_batch_id(now: datetime) -> str:
    """Return 12 digits of milliseconds, then chance, as a prediction id has them."""
    return f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"


def beginning(batch_id: str) -> str:
    """Return how the ids of a batch and of all its decisions begin."""
    return batch_id[:12]


def made_at(batch_id: str) -> datetime:
    """Return the time at which a batch was made, in UTC, to the millisecond."""
    return datetime.fromtimestamp(int(beginning(batch_id), 16) / 1000, UTC)


def written(at: datetime) -> str:
    """Return a time as decisions have it: ISO 8601, UTC, with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def prediction_id(batch_id: str, row: int) -> str:
    """Return the id of a row's decision: the same at each attempt, another one for each row.

    It begins with the batch's time, so that the index by day has it where its createdAt says.
    """
    digest = hashlib.sha256(f"{batch_id}/{row}".encode()).hexdigest()
    return beginning(batch_id) + digest[:20]
