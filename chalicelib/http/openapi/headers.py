"""Headers of requests that are decided once, of their answers, and of lists."""

from typing import Any

Document = dict[str, Any]

# Parameters of an operation under an idempotency key.
ASKED_ONCE: tuple[Document, ...] = (
    {
        "name": "Idempotency-Key", "in": "header",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        "description": "A repeat with the same key within 24 hours is one decision",
    },
    {
        "name": "Prefer", "in": "header", "schema": {"type": "string"},
        "description": "respond-async: answer 202 at once, unless the decision is there (RFC 7240)",
    },
)  # fmt: skip
REPLAYED: Document = {
    "Idempotent-Replayed": {
        "description": "The answer is that of an earlier request with the same key",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
NEXT_PAGE: Document = {
    "Link": {
        "description": 'The next page, rel="next", if there is one (RFC 8288)',
        "schema": {"type": "string"},
    }
}
_PENDING: Document = {
    "Location": {
        "description": "Where the decision will be",
        "required": True,
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds until it is worth to ask again",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
}
_PREFERRED: Document = {
    "Preference-Applied": {
        "description": "The caller preferred not to wait",
        "schema": {"type": "string", "enum": ["respond-async"]},
    }
}


def pending(*, once: bool) -> Document:
    """Return the headers of 202; `once`: of an operation under an idempotency key."""
    return _PENDING | (_PREFERRED | REPLAYED if once else {})
