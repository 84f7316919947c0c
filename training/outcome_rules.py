"""Who reports an outcome, how far that source's word counts, and of which decisions there is a
loan. SageMaker's jobs ask the same: training/outcome_rules.py is this file."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

TRUSTED, LIMITED, UNTRUSTED = ("trusted", "limited", "untrusted")
KINDS = {"apiKey": "API", "file": "FILE"}
DECLINED, NOT_GRANTED = "declined", "not granted"  # why a decision is no loan
UNKNOWN_KEY = "unknown"
NEW_DATA = "credit/newData/"


def of_api_key(key_id: str | None) -> str:
    """Name the source; `key_id` is API Gateway's own id of the caller's key, never the key."""
    return f"apiKey:{key_id or UNKNOWN_KEY}"


def of_file(key: str) -> str:
    """Name the source; `key` is the S3 key that the file was read from."""
    return f"file:{key}"


def recorded_source(outcome: Mapping[str, Any]) -> str:
    """Return an outcome's source. Older ones carry the SHA-256 of their file, or nothing."""
    source = str(outcome.get("source", ""))
    if ":" in source:
        return source
    return of_file(NEW_DATA) if source else of_api_key(None)


def kind(source: str) -> str:
    """Return API or FILE: all that a caller sees of a source."""
    return KINDS.get(source.partition(":")[0], "OTHER")


def trust_of(source: str, rules: Sequence[tuple[str, str]]) -> str:
    """Return the trust of the first pattern that matches; without any, untrusted.

    >>> trust_of("apiKey:a1", [("apiKey:b*", "limited"), ("apiKey:*", "untrusted")])
    'untrusted'
    """
    return next((trust for pattern, trust in rules if fnmatchcase(source, pattern)), UNTRUSTED)


def loan_fault(decision: str, granted: str | None) -> str:
    """Return why a decision is no loan as far as is known; empty: it is one. A person grants what
    is left to a person, and `granted`, the day of it, says so."""
    if decision == "DECLINE":
        return DECLINED
    return NOT_GRANTED if decision == "REVIEW" and granted is None else ""
