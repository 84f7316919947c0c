"""Consents of an applicant: from the request to the state machine, and to the record. Pure."""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

Document = dict[str, Any]

CONSENTS = "consents"


def asked(request: Document) -> Document:
    """Return the state machine's input, whose Choice states read a consent as a field."""
    return request | {CONSENTS: dict.fromkeys(request.get(CONSENTS, ()), True)}


def recorded(names: Iterable[str]) -> Document:
    """Return the consents as a decision keeps them: a sorted list, left out if it is empty."""
    given = sorted(names)
    return {CONSENTS: given} if given else {}


def given(event: Document) -> list[str]:
    """Return the names of the consents in the state machine's input."""
    return [name for name, is_given in event.get(CONSENTS, {}).items() if is_given is True]


def hash_of(request: Document) -> str:
    """Return the hash of the application and of its applicant's consents.

    Without consents it is the hash of the application, as claims had it before there were any.
    """
    names = request.get(CONSENTS)
    decided_on = [request["application"], names] if names else request["application"]
    return hashlib.sha256(msgspec.json.encode(decided_on, order="sorted")).hexdigest()
