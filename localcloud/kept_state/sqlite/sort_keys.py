"""Keys of items as bytes that SQLite sorts as DynamoDB does: numbers by their value.

Texts need none: SQLite compares them by their bytes in UTF-8, as DynamoDB does.
"""

import base64
import json
from decimal import Context, Decimal
from typing import Any

_BIAS = 512  # DynamoDB's exponents are -130 to 125
_NEGATIVE, _ZERO, _POSITIVE = b"\0", b"\1", b"\2"
_WHOLE = Context(prec=60)  # more than the 38 digits that DynamoDB keeps


def sort_key(text: str | bytes, place: str | int) -> bytes | None:
    """Return the bytes of an attribute of an item, or of a part of a key: JSON texts both.

    None if it is not there, or no key can be of its type.
    """
    found: Any = json.loads(text)
    value = found.get(place) if isinstance(place, str) else found[place]
    return key_bytes(value) if value else None


def key_bytes(value: dict[str, Any]) -> bytes | None:
    """Return the bytes of a value of type S, N or B."""
    ((kind, held),) = value.items()
    if kind == "N":
        return _of_number(Decimal(held))
    if kind == "S":
        return str(held).encode()
    return _of_binary(held) if kind == "B" else None


def plain_number(text: str) -> str:
    """Return the one way to write a number's value, as DynamoDB answers it."""
    number = Decimal(text).normalize(_WHOLE)
    return "0" if not number else f"{number:f}"


def _of_binary(held: Any) -> bytes:
    if isinstance(held, dict):  # as this database writes bytes
        return base64.b64decode(held["base64"])
    return held if isinstance(held, bytes) else str(held).encode()


def _of_number(number: Decimal) -> bytes:
    if not number:
        return _ZERO
    digits = "".join(map(str, number.as_tuple().digits)).rstrip("0")
    positive = (number.adjusted() + _BIAS).to_bytes(2) + digits.encode()
    if number > 0:
        return _POSITIVE + positive
    return _NEGATIVE + bytes(255 - one for one in positive) + b"\xff"
