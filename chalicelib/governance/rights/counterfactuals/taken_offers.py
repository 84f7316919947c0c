"""The route POST …/offer: one call takes a counter-offer, as a new decision on a lower amount.

The decision that it answers stays as it is. By a claim in the table, one prediction takes it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from chalicelib.decisions import analysis
from chalicelib.decisions.application import CORRECT, CreditApplication, fault
from chalicelib.foundation.errors import (
    CounterOfferClosed,
    IdempotencyConflict,
    InvalidRequest,
    PredictionNotFound,
)
from chalicelib.foundation.text import Language, Text
from chalicelib.profile import Offer, Profile
from chalicelib.profile.answer_codes import OfferOutcome

Document = dict[str, Any]

AMOUNT = "takenAmount"  # the body's only field
NOT_A_BODY = Text(
    es='debe ser un objeto con "takenAmount"', en='must be an object with "takenAmount"'
)
UNKNOWN_FIELD = Text(es="no es un campo de la petición", en="is not a field of a request")
REQUIRED = Text(es="es obligatorio", en="is required")
NOT_LOWER = Text(
    es="debe ser menor que el monto solicitado, {asked}",
    en="must be lower than the requested amount, {asked}",
)
CLOSED: dict[OfferOutcome, Text] = {
    "NOT_OFFERED": Text(
        es="El producto no tiene ofertas: vea [offer] en el perfil.",
        en="The product has no offers: see [offer] in the profile.",
    ),
    "NOT_NEEDED": Text(
        es="La solicitud se aprobó con el monto solicitado.",
        en="The application was approved with the requested amount.",
    ),
    "CLOSED": Text(
        es="La contraoferta se podía tomar hasta el {until}. Envíe una solicitud nueva.",
        en="The counter-offer was open until {until}. Send a new application.",
    ),
    "TAKEN": Text(
        es="La contraoferta ya se tomó con otro monto: GET …/offer dice con qué predicción.",
        en="The counter-offer was taken with another amount: GET …/offer names the prediction.",
    ),
}


class Predictions(Protocol):
    def get(self, client_id: str, prediction_id: str) -> Document: ...
    def claimed(self, client_id: str, key: str) -> Document | None: ...


def take(
    stored: Document,
    body: Any,
    language: Language,
    profile: Profile,
    analyse_once: Callable[[Document, str], Document],
    now: datetime,
) -> Document:
    """Decide on the stored application with a lower amount, once, and return that decision.

    It is a decision as any other: APPROVE if the models and the policy are still of that mind.
    `analyse_once` decides on a request unless its key has one. Raises CounterOfferClosed,
    InvalidRequest, and what `analyse` raises.
    """
    closed = closed_because(stored, profile, now)
    if closed or profile.offer is None:
        until = open_until(stored, profile)
        raise CounterOfferClosed(CLOSED[closed or "NOT_OFFERED"].format(until=until))
    lower = _lowered(stored["application"], body, profile.offer, profile)
    payload = {"clientId": stored["clientId"], "application": lower}
    application = CreditApplication.from_payload(payload, profile)
    request = analysis.new_request(application, language)
    request["counterOfferOf"] = stored["predictionId"]
    try:
        return analyse_once(request, _key(stored))
    except IdempotencyConflict as other:
        raise CounterOfferClosed(CLOSED["TAKEN"]) from other


def taken(stored: Document, predictions: Predictions) -> str | None:
    """Return the id of the prediction that took the counter-offer, or None."""
    claim = predictions.claimed(stored["clientId"], analysis.claim_key(_key(stored)))
    if claim is None:
        return None
    try:
        predictions.get(stored["clientId"], claim["claimedId"])
    except PredictionNotFound:  # it was claimed, and its decision failed: the caller may repeat it
        return None
    return str(claim["claimedId"])


def closed_because(stored: Document, profile: Profile, now: datetime) -> OfferOutcome | None:
    """Return why the counter-offer can't be taken: a key of CLOSED; None if it is open."""
    until = open_until(stored, profile)
    if until is None:
        return "NOT_OFFERED"
    if stored["decision"] == "APPROVE":
        return "NOT_NEEDED"
    return "CLOSED" if now.astimezone(UTC).date() > date.fromisoformat(until) else None


def open_until(stored: Document, profile: Profile) -> str | None:
    """Return the last day on which it can be taken, in UTC; None for a product without offers."""
    if profile.offer is None:
        return None
    decided = datetime.fromisoformat(stored["createdAt"]).date()
    return (decided + timedelta(days=profile.offer.open_days)).isoformat()


def _lowered(application: Mapping[str, Any], body: Any, offer: Offer, profile: Profile) -> Document:
    errors = _wrong_fields(application, body, offer, profile)
    if errors:
        raise InvalidRequest(CORRECT.format(count=len(errors), fields=", ".join(errors)), errors)
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


def _key(stored: Document) -> str:
    """Return the key of the claim. The line break keeps it apart from every caller's header."""
    return f"counter-offer\n{stored['predictionId']}"
