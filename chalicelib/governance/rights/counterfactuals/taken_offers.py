"""The route POST …/offer: one call takes a counter-offer, as a new decision on a lower amount.

The decision that it answers stays as it is. Each attempt has a claim in the table, so that callers
who come at once make one decision. The first that is approved takes the counter-offer. An attempt
is an act on the first decision before it is decided, so that of it and a person's verdict one
comes first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

import msgspec

from chalicelib.decisions.application import CreditApplication
from chalicelib.decisions.intake import analysis
from chalicelib.decisions.intake.idempotency_keys import claim_key
from chalicelib.foundation.errors import (
    CounterOfferClosed,
    IdempotencyConflict,
    NotALoan,
    PredictionNotFound,
)
from chalicelib.foundation.text import Language, Text
from chalicelib.governance.policies.times import written_at
from chalicelib.governance.reviews.review_acts import ReviewAct, state_of
from chalicelib.governance.rights.counterfactuals.offer_request import AMOUNT, lowered
from chalicelib.profile import Profile
from chalicelib.profile.answer_codes import OfferOutcome

Document = dict[str, Any]

TEXTS: dict[OfferOutcome, Text] = {
    "NOT_OFFERED": Text(
        es="El producto no tiene ofertas: vea [offer] en el perfil.",
        en="The product has no offers: see [offer] in the profile.",
    ),
    "NOT_NEEDED": Text(
        es="La solicitud se aprobó con el monto solicitado.",
        en="The application was approved with the requested amount.",
    ),
    "ANSWERED": Text(
        es="Esta decisión ya responde a una contraoferta: no tiene otra.",
        en="This decision answers a counter-offer already: it has no other.",
    ),
    "CONTESTED": Text(
        es="Una persona decide sobre la impugnación: la contraoferta espera.",
        en="A person decides on the contest: the counter-offer waits.",
    ),
    "DECIDED": Text(
        es="Una persona ya decidió sobre la solicitud: no tiene contraoferta.",
        en="A person has decided on the application: it has no counter-offer.",
    ),
    "CLOSED": Text(
        es="La contraoferta se podía tomar hasta el {until}, en pocos intentos y antes de que el "
        "préstamo tuviera resultados. Envíe una solicitud nueva.",
        en="The counter-offer was open until {until}, for a few attempts, and until the loan had "
        "an outcome. Send a new application.",
    ),
    "TAKEN": Text(
        es="La contraoferta ya se tomó con otro monto: GET …/offer dice con qué predicción.",
        en="The counter-offer was taken with another amount: GET …/offer names the prediction.",
    ),
}
ANOTHER_LOAN = Text(
    es="Se tomó la contraoferta: informe del préstamo de la predicción {id}.",
    en="The counter-offer was taken: report on the loan of the prediction {id}.",
)
AT_ONCE = Text(
    es="Una persona actuó sobre la solicitud al mismo tiempo: consulte la decisión.",
    en="A person acted on the application at the same time: look at the decision.",
)
PENDING = Text(
    es="Se está decidiendo sobre otro monto. Inténtelo de nuevo en un momento.",
    en="Another amount is being decided on. Try again in a moment.",
)
MOST_ATTEMPTS = 10  # a decision each
# An analysis is over, stored or not, long before an attempt is given up; one that is repeated
# later is an act of its own.
GIVEN_UP_SECONDS, REPEATED_SECONDS = 180, 60


class Predictions(Protocol):
    def get(self, client_id: str, prediction_id: str) -> Document: ...
    def claimed(self, client_id: str, key: str) -> Document | None: ...
    def outcomes(self, client_id: str, prediction_id: str) -> list[Document]: ...
    def acts(self, client_id: str, prediction_id: str) -> list[Document]: ...
    def add_act(
        self, client_id: str, prediction_id: str, number: int, act: Document
    ) -> Document: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a counter-offer: the prediction that took it, or an attempt under way."""

    taken: str | None = None
    is_pending: bool = False


@dataclass(frozen=True, slots=True)
class Attempts:
    """The attempts to take a counter-offer: the number of the next one, and the approved one."""

    following: int
    approved: Document | None = None


def take(
    stored: Document,
    body: Any,
    language: Language,
    profile: Profile,
    predictions: Predictions,
    analyse_once: Callable[[Document, str], Document],
    act: ReviewAct,
) -> Document:
    """Decide on the stored application with a lower amount, and return that decision.

    It is a decision as any other. Once one is APPROVE, the counter-offer is taken; a repeat returns
    it. `analyse_once` decides on a request unless its key has a decision, and `act` says who
    attempts it when. Raises CounterOfferClosed, InvalidRequest, and what `analyse` raises.
    """
    acts = predictions.acts(*_ids(stored))
    if repeated := _taken_before(stored, acts, body, predictions):
        return analysis.answer(repeated)
    closed = closed_because(stored, acts, profile, datetime.fromisoformat(act.at))
    if closed or profile.offer is None:
        raise _closed(closed or "NOT_OFFERED", stored, profile)
    lower = lowered(stored["application"], body, profile.offer, profile)
    made = attempts(stored, predictions)
    if made.approved:
        raise _closed("TAKEN", stored, profile)
    if made.following >= MOST_ATTEMPTS or predictions.outcomes(*_ids(stored)):
        raise _closed("CLOSED", stored, profile)
    known = {*profile.consents().values()}
    given = [name for name in stored.get("consents", ()) if name in known]
    payload = {"clientId": stored["clientId"], "application": lower, "consents": given}
    request = analysis.new_request(CreditApplication.from_payload(payload, profile), language)
    request["counterOfferOf"] = stored["predictionId"]
    _announce(stored, acts, msgspec.structs.replace(act, attempt=made.following), predictions)
    if predictions.outcomes(*_ids(stored)):  # one that came between the two looks and the act
        raise _closed("CLOSED", stored, profile)
    try:
        return analyse_once(request, _key(stored, made.following))
    except IdempotencyConflict as other:
        raise CounterOfferClosed(PENDING) from other


def _taken_before(
    stored: Document, acts: Sequence[Document], body: Any, predictions: Predictions
) -> Document | None:
    """Return the decision by which the counter-offer was taken with this amount, whatever the
    policy offers today.
    """
    if not any(act["act"] == "OFFER" for act in acts):
        return None
    approved, asked = attempts(stored, predictions).approved, stored["application"]
    if approved is None:
        return None
    lower = [value for name, value in approved["application"].items() if asked.get(name) != value]
    return approved if body == {AMOUNT: lower[0]} else None


def attempted(by: Mapping[str, str], now: datetime) -> ReviewAct:
    """Return the act of an attempt, by a person or by a key's source."""
    return ReviewAct("OFFER", written_at(now), dict(by), "")


def _announce(
    stored: Document, acts: Sequence[Document], act: ReviewAct, predictions: Predictions
) -> None:
    """Store the attempt behind the acts that were read, unless it is there.

    Raises CounterOfferClosed if a person acted first.
    """
    newest = msgspec.convert(acts[-1], ReviewAct) if acts else None
    age = _age(newest, datetime.fromisoformat(act.at)) if newest else REPEATED_SECONDS
    if newest and newest.attempt == act.attempt and age < REPEATED_SECONDS:
        return
    kept = predictions.add_act(*_ids(stored), len(acts), msgspec.to_builtins(act))
    if kept["act"] != "OFFER":
        raise CounterOfferClosed(AT_ONCE)


def standing(
    stored: Document, acts: Sequence[ReviewAct], predictions: Predictions, now: datetime
) -> Standing:
    """Return the state of the counter-offer as of the acts on the decision."""
    offering = next((one for one in reversed(acts) if one.act == "OFFER"), None)
    if offering is None:
        return Standing()
    made = attempts(stored, predictions)
    if made.approved:
        return Standing(taken=str(made.approved["predictionId"]))
    undecided = offering.attempt == made.following
    return Standing(is_pending=undecided and _age(offering, now) < GIVEN_UP_SECONDS)


def _age(act: ReviewAct, now: datetime) -> float:
    return (now - datetime.fromisoformat(act.at)).total_seconds()


def attempts(stored: Document, predictions: Predictions) -> Attempts:
    """Return the attempts so far. One whose decision is not stored yet is the following one."""
    for number in range(MOST_ATTEMPTS):
        claim = predictions.claimed(stored["clientId"], claim_key(_key(stored, number)))
        if claim is None:
            return Attempts(number)
        try:
            made = predictions.get(stored["clientId"], claim["claimedId"])
        except PredictionNotFound:  # its decision failed or is under way: the caller may repeat it
            return Attempts(number)
        if made["decision"] == "APPROVE":
            return Attempts(number + 1, made)
    return Attempts(MOST_ATTEMPTS)


def taken_by(stored: Document, acts: Sequence[Document], predictions: Predictions) -> str | None:
    """Return the id of the approved prediction that took the counter-offer, or None.

    `acts` are those on the decision: without an attempt among them nothing took it.
    """
    if not any(act["act"] == "OFFER" for act in acts):
        return None
    approved = attempts(stored, predictions).approved
    return str(approved["predictionId"]) if approved else None


def require_not_taken(
    stored: Document, acts: Sequence[Document], predictions: Predictions, now: datetime
) -> None:
    """Raise NotALoan if the loan is that of the counter-offer, or may become it: one application is
    one loan.
    """
    read = [msgspec.convert(act, ReviewAct) for act in acts]
    offer = standing(stored, read, predictions, now)
    if offer.taken:
        raise NotALoan(ANOTHER_LOAN.format(id=offer.taken))
    if offer.is_pending:
        raise NotALoan(PENDING)


def closed_because(
    stored: Document, acts: Sequence[Document], profile: Profile, now: datetime
) -> OfferOutcome | None:
    """Return why the counter-offer can't be taken: a key of TEXTS; None if it is open.

    `acts` are people's acts on the decision.
    """
    until = open_until(stored, profile)
    if until is None:
        return "NOT_OFFERED"
    if stored["decision"] == "APPROVE":
        return "NOT_NEEDED"
    if "counterOfferOf" in stored:
        return "ANSWERED"
    state = state_of(stored["decision"], acts)
    if state.case == "CONTEST":
        return "CONTESTED"
    if state.ended:
        return "DECIDED"
    return "CLOSED" if now.astimezone(UTC).date() > date.fromisoformat(until) else None


def _closed(outcome: OfferOutcome, stored: Document, profile: Profile) -> CounterOfferClosed:
    return CounterOfferClosed(TEXTS[outcome].format(until=open_until(stored, profile)))


def _ids(stored: Document) -> tuple[str, str]:
    return stored["clientId"], stored["predictionId"]


def open_until(stored: Document, profile: Profile) -> str | None:
    """Return the last day on which it can be taken, in UTC; None for a product without offers."""
    if profile.offer is None:
        return None
    decided = datetime.fromisoformat(stored["createdAt"]).date()
    return (decided + timedelta(days=profile.offer.open_days)).isoformat()


def _key(stored: Document, number: int) -> str:
    """Return the key of an attempt. The line break keeps it apart from every caller's header."""
    return f"counter-offer\n{stored['predictionId']}\n{number}"
