"""Rules of outcomes: their source, the trust in it, and which decisions became a loan.

SageMaker's source has this module, too.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

TRUSTED, LIMITED, UNTRUSTED = ("trusted", "limited", "untrusted")
KINDS = {"apiKey": "API", "file": "FILE", "person": "PERSON"}
DECLINED, NOT_GRANTED = "declined", "not granted"  # why a decision is no loan
UNKNOWN_KEY = "unknown"
NEW_DATA = "credit/newData/"
REVIEW_ACT = (
    "review#"  # begins the keys of people's acts on a decision, as outcome# those of outcomes
)


def of_api_key(key_id: str | None) -> str:
    """Return the source's name. `key_id` is API Gateway's id of the caller's key, never the key."""
    return f"apiKey:{key_id or UNKNOWN_KEY}"


def of_person(sub: str) -> str:
    """Return the source's name. `sub` is the user pool's id of the person, never a name."""
    return f"person:{sub}"


def of_file(key: str) -> str:
    """Return the source's name. `key` is the S3 key of the file."""
    return f"file:{key}"


def recorded_source(outcome: Mapping[str, Any]) -> str:
    """Return an outcome's source. Older ones carry the SHA-256 of their file, or nothing."""
    source = str(outcome.get("source", ""))
    if ":" in source:
        return source
    return of_file(NEW_DATA) if source else of_api_key(None)


def kind(source: str) -> str:
    """Return API, FILE or PERSON, the only part of a source that callers see."""
    return KINDS.get(source.partition(":")[0], "OTHER")


def trust_of(source: str, rules: Sequence[tuple[str, str]]) -> str:
    """Return the trust of the first pattern that matches; untrusted if none does.

    >>> trust_of("apiKey:a1", [("apiKey:b*", "limited"), ("apiKey:*", "untrusted")])
    'untrusted'
    """
    return next((trust for pattern, trust in rules if fnmatchcase(source, pattern)), UNTRUSTED)


def loan_fault(decision: str, granted: str | None) -> str:
    """Return why a decision has no loan; empty if it has one.

    After REVIEW a person may grant the loan; `granted` is then the day.
    """
    if decision == "DECLINE":
        return DECLINED
    return NOT_GRANTED if decision == "REVIEW" and granted is None else ""


def final_decision(automatic: str, acts: Sequence[Mapping[str, Any]]) -> str:
    """Return what was decided at last: by a person if a person did, else by the score and rules.

    `acts` are people's acts on the decision, the oldest first. One that ends a case has `final`.

    >>> final_decision("REVIEW", [{"verdict": "APPROVE"}, {"final": "APPROVE"}])
    'APPROVE'
    """
    finals = [str(act["final"]) for act in acts if "final" in act]
    return finals[-1] if finals else automatic


def counting_outcome(
    decided: str, outcomes: Sequence[dict[str, Any]], rules: Sequence[tuple[str, str]]
) -> dict[str, Any] | None:
    """Return the outcome that counts of a loan's `outcomes`, the oldest first, or None.

    A trusted source's outcomes go before a limited source's. The newest of them counts. What is no
    loan by the final decision `decided` has none.
    """
    for trust in (TRUSTED, LIMITED):
        loans = [
            one
            for one in outcomes
            if trust_of(recorded_source(one), rules) == trust
            and not loan_fault(decided, one.get("granted"))
        ]
        if loans:
            return loans[-1]
    return None
