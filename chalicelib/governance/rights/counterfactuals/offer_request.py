"""The body of POST …/offer: a lower amount, and nothing else. Pure."""

from collections.abc import Mapping
from typing import Any

from chalicelib.decisions.application import fault
from chalicelib.foundation.request_fields import REQUIRED, UNKNOWN_FIELD, require_none
from chalicelib.foundation.text import Text
from chalicelib.profile import Offer, Profile

Document = dict[str, Any]

AMOUNT = "takenAmount"  # the body's only field
NOT_A_BODY = Text(
    es='debe ser un objeto con "takenAmount"', en='must be an object with "takenAmount"'
)
NOT_LOWER = Text(
    es="debe ser menor que el monto solicitado, {asked}",
    en="must be lower than the requested amount, {asked}",
)


def lowered(application: Mapping[str, Any], body: Any, offer: Offer, profile: Profile) -> Document:
    """Return the application with the amount of a request's body. Raises InvalidRequest."""
    require_none(_wrong_fields(application, body, offer, profile))
    return {**application, offer.amount: body[AMOUNT]}


def _wrong_fields(
    application: Mapping[str, Any], body: Any, offer: Offer, profile: Profile
) -> dict[str, Text]:
    if not isinstance(body, dict):
        return {"body": NOT_A_BODY}
    errors = dict.fromkeys(body.keys() - {AMOUNT}, UNKNOWN_FIELD)
    amount, asked = body.get(AMOUNT), application.get(offer.amount)
    wrong = REQUIRED if amount is None else fault(amount, profile.features[offer.amount])
    if wrong is None and not (isinstance(asked, int | float) and body[AMOUNT] < asked):
        wrong = NOT_LOWER.format(asked=asked)
    return errors | ({AMOUNT: wrong} if wrong else {})
