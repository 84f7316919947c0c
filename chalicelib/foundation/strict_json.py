"""Strict reader of JSON: UTF-8 alone, no number beyond a float, and each name once an object."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from chalicelib.foundation.body_member import BodyMember
from chalicelib.foundation.errors import InvalidRequest
from chalicelib.foundation.text import Text

EMPTY = Text(es="El cuerpo está vacío.", en="The body is empty.")
NOT_UTF8 = Text(
    es="El cuerpo no está en UTF-8: una letra con tilde en Latin-1 basta. Envíelo en UTF-8.",
    en="The body is not UTF-8: one accented letter in Latin-1 is enough. Send it as UTF-8.",
)
BYTE_ORDER_MARK = Text(
    es="El cuerpo empieza con una marca de orden de bytes (BOM). Envíelo en UTF-8 sin ella.",
    en="The body begins with a byte order mark (BOM). Send it as UTF-8 without one.",
)
MALFORMED = Text(
    es="El cuerpo no es JSON: se deja de entender en el byte {byte}.",
    en="The body is not JSON: it makes no sense from byte {byte}.",
)
TRUNCATED = Text(
    es="El cuerpo no es JSON completo: termina antes de tiempo.",
    en="The body is not whole JSON: it ends too early.",
)
TOO_GREAT = Text(
    es="El cuerpo tiene un número que no cabe en 64 bits de coma flotante.",
    en="The body has a number beyond 64-bit floating point.",
)
TOO_DEEP = Text(
    es="El cuerpo anida demasiados objetos o listas.",
    en="The body nests too many objects or lists.",
)
REPEATED = Text(
    es="El cuerpo da más de una vez: {names}. Envíe un solo valor de cada campo.",
    en="The body gives more than once: {names}. Send a single value of each field.",
)
TWICE = Text(es="está más de una vez", en="is given more than once")


def value_of(body: bytes) -> Any:
    """Return the value of a body, or of a line that is one. Raises InvalidRequest."""
    if not body.strip():
        raise InvalidRequest(EMPTY)
    text = _text(body)
    try:
        value = msgspec.json.decode(text)
        repeated = _repeated(text)
    except msgspec.MsgspecError as error:
        raise InvalidRequest(_malformed(str(error))) from error
    except RecursionError as error:
        raise InvalidRequest(TOO_DEEP) from error
    if repeated:
        names = REPEATED.format(names=", ".join(repeated))
        raise InvalidRequest(names, dict.fromkeys(repeated, TWICE))
    return value


def _text(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest(NOT_UTF8) from error
    if "\N{REPLACEMENT CHARACTER}" in text:  # API Gateway's, for bytes that are not UTF-8
        raise InvalidRequest(NOT_UTF8)
    if text.startswith("\N{ZERO WIDTH NO-BREAK SPACE}"):
        raise InvalidRequest(BYTE_ORDER_MARK)
    return text


def _malformed(fault: str) -> Text:
    """Return a fault in both languages by msgspec's message, which is in English."""
    place = re.search(r"\(byte (\d+)\)", fault)
    if place:
        return MALFORMED.format(byte=place[1])
    return TOO_GREAT if "out of range" in fault else TRUNCATED


class _Object(dict[str, Any]):
    """An object of JSON, which knows the names that it gives more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(name for name, _ in pairs)
        self.repeated = [name for name, count in counts.items() if count > 1]


def _repeated(text: str) -> list[str]:
    """Return the members that an object gives more than once. msgspec takes the last value and
    other readers the first, so it would be open which amount was signed.
    """
    whole = json.loads(text, object_pairs_hook=_Object, parse_int=str, parse_float=str)
    return [BodyMember(*path) for path in _repeated_in(whole)]


def _repeated_in(value: Any) -> Iterator[tuple[str, ...]]:
    """Yield the path of each repeated member, at any depth."""
    within: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, _Object):
        yield from ((name,) for name in value.repeated)
        within = value.items()
    elif isinstance(value, list):
        within = enumerate(value)
    for name, part in within:
        yield from ((str(name), *path) for path in _repeated_in(part))
