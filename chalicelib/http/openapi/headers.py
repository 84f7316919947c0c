"""Headers of requests that are decided once, and of answers."""

from collections.abc import Iterable
from typing import Any

from chalicelib.foundation.errors import Problem, TooManyRequests
from chalicelib.http.response_headers import limits
from chalicelib.profile.tables.api_tables import Api

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
_POLICY: Document = {
    "description": "Requests (q) in so many seconds (w): of this API key, and of all callers of "
    "this route (draft-ietf-httpapi-ratelimit-headers-11)",
    "required": True,
    "schema": {"type": "string"},
}
_RETRY: Document = {
    "description": "Seconds until it is worth to ask again",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9]+$"},
    "example": str(TooManyRequests.retry_after),
}
LIMITS: Document = {"RateLimit-Policy": {"$ref": "#/components/headers/RateLimitPolicy"}}
AGAIN: Document = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
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
    }
}
_PREFERRED: Document = {
    "Preference-Applied": {
        "description": "The caller preferred not to wait",
        "schema": {"type": "string", "enum": ["respond-async"]},
    }
}


def components(api: Api) -> Document:
    """Return the headers by their names among the components; each stage's limits, as examples."""
    examples = {
        stage: {"value": limits(one, keyed=True)["RateLimit-Policy"]}
        for stage, one in api.limits.items()
    }
    return {"RateLimitPolicy": _POLICY | {"examples": examples}, "RetryAfter": _RETRY}


def pending(*, once: bool) -> Document:
    """Return the headers of 202; `once`: of an operation under an idempotency key."""
    return LIMITS | _PENDING | AGAIN | (_PREFERRED | REPLAYED if once else {})


def of_problems(problems: Iterable[type[Problem]]) -> Document:
    """Return the `headers` of a status that has these problems; nothing if there are none."""
    found = [*problems]
    limited = LIMITS if TooManyRequests in found else {}
    headers = limited | (AGAIN if all(one.retry_after for one in found) else {})
    return {"headers": headers} if headers else {}
