"""Fields of what people send: checked once, all faults named together. Pure."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

from chalicelib.foundation.errors import InvalidRequest, Problem
from chalicelib.foundation.text import Text

CORRECT = Text(
    es="{count} campo(s) por corregir: {fields}.",
    en="{count} field(s) must be corrected: {fields}.",
)
NOT_AN_OBJECT = Text(es="debe ser un objeto", en="must be an object")
UNKNOWN_FIELD = Text(es="no es un campo de la petición", en="is not a field of a request")
REQUIRED = Text(es="es obligatorio", en="is required")
NOT_ONE_OF = Text(es="debe ser uno de {values}", en="must be one of {values}")
NO_TEXT = Text(
    es="debe ser un texto de 1 a {most} caracteres", en="must be a text of 1 to {most} characters"
)
NO_DAY = Text(es="debe ser un día, como 2026-05-31", en="must be a day, such as 2026-05-31")
NO_PERIOD = Text(
    es="debe ser el día de to, o antes: un periodo tiene hasta {most} días",
    en="must be the day of to, or before it: a period has up to {most} days",
)
NO_LIMIT = Text(es="debe ser de 1 a 100", en="must be 1 to 100")

LIMIT = re.compile(r"[1-9][0-9]?|100")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Faults = dict[str, Text]
Kind = TypeVar("Kind", bound=Problem)


def naming(kind: type[Kind], faults: Mapping[str, Text], *, outside: bool = False) -> Kind:
    """Return a problem that names each field with its fault; `outside` of the body they are
    parameters or headers.
    """
    detail = CORRECT.format(count=len(faults), fields=", ".join(faults))
    return kind(detail, faults, outside=outside)


def require_none(faults: Faults, *, outside: bool = False) -> None:
    """Raise InvalidRequest, which names each field, if there are faults."""
    if faults:
        raise naming(InvalidRequest, faults, outside=outside)


def fields_of(body: Any, known: set[str]) -> tuple[dict[str, Any], Faults]:
    """Return the fields of a body, and the faults of one that is no object or has others."""
    return (body if isinstance(body, dict) else {}), other_fields(body, known)


def other_fields(body: Any, known: set[str]) -> Faults:
    """Return the faults of a body that is no object, or has fields that are not known."""
    if not isinstance(body, dict):
        return {"body": NOT_AN_OBJECT}
    return dict.fromkeys(sorted(body.keys() - known), UNKNOWN_FIELD)


def text_fault(name: str, given: dict[str, Any], most: int) -> Faults:
    """Return the fault of a required text of at most so many characters, none if it is right."""
    text = given.get(name)
    if isinstance(text, str) and text.strip() and len(text) <= most:
        return {}
    return {name: NO_TEXT.format(most=most)}


def number_of_bytes(given: Any, most: int) -> int | None:
    """Return a size of 1 to `most`, or None for what is none. In JSON 5 and 5.0 are one number."""
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    return int(given) if is_number and 1 <= given <= most and given == int(given) else None


def day_of(given: Any) -> date | None:
    """Return the day of a text such as 2026-05-31, or None for what is none."""
    try:
        is_written = isinstance(given, str) and DAY.fullmatch(given)
        return date.fromisoformat(given) if is_written else None
    except ValueError:
        return None
