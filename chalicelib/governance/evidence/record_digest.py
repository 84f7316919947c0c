"""The digest of a stored record, in two parts, so that it stands when the personal part is erased.

Only what KEPT names is kept; all other fields are personal, those of later versions included. The
evidence archive has this module, too, so it runs on Python 3.9 without any package but rfc8785.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import rfc8785

from chalicelib.foundation.record_salt import ERASED, SALT

Record = dict[str, Any]
Names = Mapping[str, Any]

STORAGE = ("day", "expiresAt", SALT)  # no part of the record: keys of the index, life, salt
UNREADABLE = "dynamodbItem"  # DynamoDB's form of an item that is no record: see record_log.py
EXACT = 2**53  # larger integers are no exact doubles, and RFC 8785 has only these
ALL, EACH = "all", "*"  # a field as a whole; each member of an object

# Who decided what, when and by which rules, without the applicant. Staff are named: they answer
# for what they do.
KEPT: Names = {
    # decisions
    **dict.fromkeys(
        (
            "predictionId", "createdAt", "language", "counterOfferOf", "requestedBy", "decision",
            "decisionBasis", "probabilityOfDefault", "score", "cutOffs", "disagreement", "offer",
            "unseen", "partial", "missing", "rules", "policyVersion",
        ),
        ALL,
    ),
    "models": {
        EACH: dict.fromkeys(
            ("status", "cause", "version", "sha256", "probabilityOfDefault", "score", "unseen"),
            ALL,
        )
    },
    "evidence": {"policy": ALL},
    # outcomes, and what people add to a decision: reviews, contests, acts
    **dict.fromkeys(
        (
            "of", "decidedAt", "toldAt", "outcome", "when", "granted", "source", "sha256",
            "at", "by", "act", "verdict", "reason", "final", "case", "proposed", "automatic",
            "scoreSays", "attempt",
        ),
        ALL,
    ),
}  # fmt: skip


class Digests(NamedTuple):
    """SHA-256 of a record's two parts, in hexadecimal digits; `whole` is that of both."""

    kept: str
    personal: str

    @property
    def whole(self) -> str:
        return sha256(rfc8785.dumps({"kept": self.kept, "personal": self.personal}))


def kind(record_id: str) -> str:
    """Return the kind of a record by its id: decision, outcome, review, ..."""
    prefix, mark, _ = record_id.partition("#")
    return prefix if mark else "decision"


def digest(record: Record) -> str:
    """Return the digest of a record; of an erased one, the digest that it had before."""
    return digests(record).whole


def digests(record: Record) -> Digests:
    """Return the digests of a record, as DynamoDB or PredictionTable has it.

    A record from before the salts has an empty one.
    """
    kept, personal = split(record)
    salted = bytes.fromhex(record.get(SALT, "")) + canonical(personal)
    return Digests(sha256(canonical(kept)), record.get(ERASED) or sha256(salted))


def split(record: Record) -> tuple[Record, Record]:
    """Return the kept and the personal part of a record, which have all its fields together.

    >>> split({"predictionId": "p", "application": {"a": 1}, "models": {"A": {"score": 5}}})
    ({'predictionId': 'p', 'models': {'A': {'score': 5}}}, {'application': {'a': 1}})
    """
    stated = {name: part for name, part in record.items() if name not in (*STORAGE, ERASED)}
    kept, personal = _split(stated, KEPT)
    return kept, personal


def erased(record: Record) -> Record:
    """Return a record without its personal part, salt and storage fields: its digest stays. The
    caller adds the key that the table needs in place of clientId.
    """
    kept, _ = split(record)
    return {**kept, ERASED: digests(record).personal}


def is_erased(record: Record) -> bool:
    return ERASED in record


def canonical(value: Any) -> bytes:
    """Return a value's JSON by RFC 8785: the same before DynamoDB has it and after, where 59.0 may
    have become 59.

    >>> canonical({"b": Decimal("59.0"), "a": 59, "c": 1e-7})
    b'{"a":59,"b":59,"c":1e-7}'
    """
    return rfc8785.dumps(_double(value))


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _split(record: Record, names: Names) -> tuple[Record, Record]:
    kept: Record = {}
    personal: Record = {}
    for name, value in record.items():
        wanted = names.get(name, names.get(EACH))
        if wanted == ALL:
            kept[name] = value
        elif wanted is None or not isinstance(value, dict):
            personal[name] = value
        else:
            kept[name], rest = _split(value, wanted)
            if rest:
                personal[name] = rest
    return kept, personal


def _double(value: Any) -> Any:
    """Return a value whose numbers are those of JSON: a Decimal, or an integer that is too large,
    as a double.
    """
    if isinstance(value, dict):
        return {name: _double(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_double(part) for part in value]
    if isinstance(value, Decimal) or (isinstance(value, int) and abs(value) >= EXACT):
        return float(value)
    return value
