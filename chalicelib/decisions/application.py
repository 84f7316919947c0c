"""Parser of a credit application: checked once against the profile, trusted from then on."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from chalicelib.foundation.body_member import BodyMember
from chalicelib.foundation.errors import InvalidApplication
from chalicelib.foundation.request_fields import NOT_ONE_OF, REQUIRED, UNKNOWN_FIELD, naming
from chalicelib.foundation.text import Text
from chalicelib.profile import Feature, Profile

MOST_ERRORS = 100  # named at once
LARGEST_NUMBER = 1e15  # a float still tells whole numbers apart
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # Unicode's category Cc: no name or code has them
CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")

NOT_A_REQUEST = Text(
    es='debe ser un objeto con "clientId" y "application"',
    en='must be an object with "clientId" and "application"',
)
NO_CLIENT_ID = Text(
    es="debe tener de 1 a 64 letras sin tilde y cifras, y tras la primera también . _ : -",
    en="must be 1 to 64 letters, digits, and . _ : - after the first",
)
NOT_CONSENTS = Text(
    es="debe ser una lista sin repetidos de consentimientos: {names}",
    en="must be a list of consents, each once: {names}",
)
NO_CONSENTS = Text(
    es="ningún modelo de este producto pide un consentimiento",
    en="no model of this product needs a consent",
)
NOT_AN_APPLICATION = Text(
    es="debe ser un objeto con los datos de la solicitud",
    en="must be an object with the application's features",
)
COMPUTED = Text(es="se calcula, no se envía", en="is computed, not given")
NO_FEATURE = Text(es="no es un dato de la solicitud", en="is not a feature")
NOT_A_TEXT = Text(es="debe ser un texto", en="must be a text")
NOT_PRINTED = Text(es="no debe tener caracteres de control", en="must have no control characters")
MALFORMED = Text(es="debe tener {format}", en="must have {format}")
UNEXPECTED_FORMAT = Text(es="no tiene el formato esperado", en="does not have the expected format")
NOT_A_NUMBER = Text(es="debe ser un número", en="must be a number")
NOT_WHOLE = Text(es="debe ser un número entero", en="must be a whole number")
TOO_LOW = Text(es="debe ser {bound} o más", en="must be {bound} or more")
TOO_HIGH = Text(es="debe ser {bound} o menos", en="must be {bound} or less")

Value = float | int | str


@dataclass(frozen=True, slots=True)
class CreditApplication:
    """A valid application.

    `values` has the features that were sent, without nulls, and without those that only a model
    reads whose consent is not among `consents`.
    """

    client_id: str
    values: dict[str, Value]
    consents: tuple[str, ...] = ()

    @classmethod
    def from_payload(cls, payload: Any, profile: Profile) -> "CreditApplication":
        """Parse a request's body. Raises InvalidApplication, which names every wrong field."""
        errors = dict(islice(_wrong_fields(payload, profile), MOST_ERRORS))
        if errors:
            raise naming(InvalidApplication, errors)
        consents = tuple(sorted(payload.get("consents", ())))
        withheld = profile.withheld(consents)
        values = {
            name: _plain(value, profile.features[name])
            for name, value in payload["application"].items()
            if value is not None and name not in withheld
        }
        return cls(payload["clientId"], values, consents)


def _wrong_fields(payload: Any, profile: Profile) -> Iterator[tuple[str, Text]]:
    if not isinstance(payload, dict):
        yield "body", NOT_A_REQUEST
        return
    client_id = payload.get("clientId")
    if not isinstance(client_id, str) or not CLIENT_ID.fullmatch(client_id):
        yield "clientId", NO_CLIENT_ID
    for name in payload.keys() - {"clientId", "application", "consents"}:
        yield name, UNKNOWN_FIELD
    consents = payload.get("consents", [])
    wrong_consents = _consents_fault(consents, profile)
    if wrong_consents:
        yield "consents", wrong_consents
    application = payload.get("application")
    if not isinstance(application, dict):
        yield "application", NOT_AN_APPLICATION
        return
    withheld = profile.withheld(() if wrong_consents else consents)
    yield from _wrong_features(application, withheld, profile)


def _wrong_features(
    application: dict[str, Any], withheld: Collection[str], profile: Profile
) -> Iterator[tuple[str, Text]]:
    for name, feature in profile.asked_for().items():
        if name not in withheld and (wrong := fault(application.get(name), feature)):
            yield BodyMember("application", name), wrong
    for name in application.keys() - profile.asked_for().keys():
        yield BodyMember("application", name), COMPUTED if name in profile.features else NO_FEATURE


def _consents_fault(consents: Any, profile: Profile) -> Text | None:
    known = sorted({*profile.consents().values()})
    texts = isinstance(consents, list) and all(isinstance(name, str) for name in consents)
    if texts and {*consents} <= {*known} and len({*consents}) == len(consents):
        return None
    return NOT_CONSENTS.format(names=", ".join(known)) if known else NO_CONSENTS


def fault(value: Any, feature: Feature) -> Text | None:
    """Return the fault of a value, or None if the feature allows it."""
    if value is None:
        return REQUIRED if feature.required else None
    if feature.type in ("number", "integer"):
        return _number_fault(value, feature)
    return _text_fault(value, feature) if isinstance(value, str) else NOT_A_TEXT


def _text_fault(value: str, feature: Feature) -> Text | None:
    if feature.values and value not in feature.values:
        return NOT_ONE_OF.format(values=", ".join(feature.values))
    if feature.pattern and not re.fullmatch(feature.pattern, value):
        return MALFORMED.format(format=feature.format) if feature.format else UNEXPECTED_FORMAT
    return NOT_PRINTED if CONTROL.search(value) else None


def _number_fault(value: Any, feature: Feature) -> Text | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NOT_A_NUMBER
    if not -LARGEST_NUMBER < value < LARGEST_NUMBER:  # nor NaN, nor what no float can hold
        return NOT_A_NUMBER
    if feature.type == "integer" and value != int(value):
        return NOT_WHOLE
    if feature.minimum is not None and value < feature.minimum:
        return TOO_LOW.format(bound=_written(feature.minimum))
    if feature.maximum is not None and value > feature.maximum:
        return TOO_HIGH.format(bound=_written(feature.maximum))
    return None


def _written(number: float) -> Text:
    text = f"{number:,.10g}"
    return Text(es=text.replace(",", " "), en=text)


def _plain(value: Value, feature: Feature) -> Value:
    """Return a whole number as an integer.

    25000, 25000.0 and 2.5e4 are one number in JSON, and must be the same application under one
    idempotency key.
    """
    return int(value) if feature.is_number and value == int(value) else value
