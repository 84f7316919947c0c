"""The base of all tables of credit.toml, and their hash."""

import hashlib
from typing import Any

import msgspec


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen table of the profile, which refuses a misspelt key."""


def digest(value: Any) -> str:
    """Return the SHA-256 of the value's JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()
