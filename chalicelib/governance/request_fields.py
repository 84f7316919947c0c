"""Fields of what people send: checked once, all faults named together. Pure."""

from typing import Any

from chalicelib.decisions.application import CORRECT
from chalicelib.foundation.errors import InvalidRequest
from chalicelib.foundation.text import Text

NOT_AN_OBJECT = Text(es="debe ser un objeto", en="must be an object")
UNKNOWN_FIELD = Text(es="no es un campo de la petición", en="is not a field of a request")
NO_TEXT = Text(
    es="debe ser un texto de 1 a {most} caracteres", en="must be a text of 1 to {most} characters"
)

Faults = dict[str, Text]


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


def require_none(faults: Faults, *, outside: bool = False) -> None:
    """Raise InvalidRequest, which names each field, if there are faults; `outside` of the body they
    are of parameters.
    """
    if faults:
        detail = CORRECT.format(count=len(faults), fields=", ".join(faults))
        raise InvalidRequest(detail, faults, outside=outside)
