"""The route GET …/offer: the largest amount that today's models and policy would approve."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.decisions.application import Value
from chalicelib.decisions.reasons import with_condition_texts
from chalicelib.foundation.text import Language, Text
from chalicelib.governance.rights.counterfactuals import candidate_values, search
from chalicelib.governance.rights.counterfactuals.committee import Committee, summary
from chalicelib.governance.rights.counterfactuals.taken_offers import (
    TEXTS,
    closed_because,
    open_until,
)
from chalicelib.governance.rights.counterfactuals.training_loans import Manifests, quantiles
from chalicelib.profile import Offer, Profile
from chalicelib.profile.answer_codes import OfferOutcome

Document = dict[str, Any]

STATEMENTS: dict[OfferOutcome, Text] = TEXTS | {
    "COUNTER_OFFER": Text(
        es="Con este monto, y con todo lo demás igual, la solicitud se aprobaría. POST …/offer lo "
        "toma.",
        en="With this amount, and all else the same, the application would be approved. "
        "POST …/offer takes it.",
    ),
    "NONE": Text(
        es="Ninguno de los {tried} montos menores que se probaron se aprobaría.",
        en="None of the {tried} lower amounts that were tried would be approved.",
    ),
    "NOT_NEEDED": Text(
        es="El monto solicitado se aprobó o se aprobaría hoy: no hace falta otro.",
        en="The requested amount was approved, or would be today: no other is needed.",
    ),
    "PERSON": Text(
        es="Una persona decide sobre esta solicitud con cualquier monto. No se buscó ninguno.",
        en="A person decides on this application at any amount. None was looked for.",
    ),
    "TAKEN": Text(
        es="La contraoferta ya se tomó: vea la predicción {taken}.",
        en="The counter-offer was taken: see the prediction {taken}.",
    ),
}


@dataclass(frozen=True, slots=True)
class Sought:
    """The end of a search: the largest amount, and what is decided with it and as requested."""

    outcome: OfferOutcome
    amount: Value | None = None
    decided: Document | None = None
    today: Document | None = None
    tried: int = 0


def counter_offer(
    stored: Document,
    taken: str | None,
    acts: Sequence[Document],
    language: Language,
    committee: Committee,
    manifests: Manifests,
    now: datetime,
) -> Document:
    """Return the counter-offer of a stored decision, or why there is none.

    `taken` is the prediction that took it; `acts` are people's acts on the decision. Raises
    AnalysisUnavailable if a model is silent.
    """
    profile = committee.profile
    closed = "TAKEN" if taken else closed_because(stored, acts, profile, now)
    if closed or profile.offer is None:
        sought = Sought(closed or "NOT_OFFERED")
    else:
        sought = _sought(stored["application"], profile.offer, profile, committee, manifests)
    until = open_until(stored, profile)
    text = STATEMENTS[sought.outcome].said_in(language)
    return {
        "clientId": stored["clientId"],
        "predictionId": stored["predictionId"],
        "outcome": sought.outcome,
        "text": text.format(tried=sought.tried, taken=taken, until=until),
        "largestAmount": sought.amount,
        "offer": _offered(sought, profile, language),
        "openUntil": until,
        "taken": taken,
        "today": summary(sought.today, profile, language) if sought.today else None,
        "tried": sought.tried,
        "policyVersion": profile.policy_version(),
        "language": language,
    }


def _sought(
    application: Document,
    offer: Offer,
    profile: Profile,
    committee: Committee,
    manifests: Manifests,
) -> Sought:
    [today] = committee.decide([application])
    if today["decision"] == "APPROVE":
        return Sought("NOT_NEEDED", today=today, tried=committee.asked)
    if today["decisionBasis"] == "REVIEW_ONLY" or today.get("unseen"):
        return Sought("PERSON", today=today, tried=committee.asked)
    known = quantiles(today["models"], manifests)
    tried = candidate_values.lower_amounts(application, offer, profile, known)
    amount = search.largest(application, offer.amount, tried, profile, committee.approves)
    if amount is None:
        return Sought("NONE", today=today, tried=committee.asked)
    [decided] = committee.decide([application | {offer.amount: amount}])
    return Sought("COUNTER_OFFER", amount, decided, today, committee.asked)


def _offered(sought: Sought, profile: Profile, language: Language) -> Document | None:
    if sought.decided is None:
        return None
    with_condition_texts(sought.decided, profile.policy, language)
    offered: Document = sought.decided["offer"]
    return offered
