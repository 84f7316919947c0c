"""The route GET …/explanation: a stored decision in the words of its applicant. Pure.

Everything comes from the decision as it was stored and people's acts on it, and its texts from
credit.toml of today. A feature that credit.toml no longer has keeps its name and the text of its
day. What a reviewer wrote in their own words stays inside the bank.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from chalicelib.decisions.policy_rules import derived
from chalicelib.decisions.reasons import with_rule_texts, with_texts
from chalicelib.foundation.text import Language, Text
from chalicelib.governance.reviews.cases import case_of, decided_by
from chalicelib.governance.reviews.contests import contest_until
from chalicelib.governance.reviews.review_acts import CaseState, state_of
from chalicelib.profile import Feature, Policy, Profile
from chalicelib.profile.answer_codes import Basis

Document = dict[str, Any]

DECISIONS = {
    "APPROVE": Text(es="La solicitud se aprobó.", en="The application was approved."),
    "DECLINE": Text(es="La solicitud se rechazó.", en="The application was declined."),
    "REVIEW": Text(
        es="Una persona del banco decide sobre la solicitud.",
        en="A person at the bank decides on the application.",
    ),
}
AUTOMATED = Text(
    es="La decisión fue automática: ninguna persona intervino. La tomaron las reglas y los modelos "
    "que aquí se indican.",
    en="The decision was automated: no person took part. It was made by the rules and models shown "
    "here.",
)
BY_A_PERSON = Text(
    es="Los modelos y las reglas prepararon el caso; la decisión es de una persona.",
    en="Models and rules prepared the case; the decision is a person's.",
)
DECIDED_BY_PEOPLE = Text(
    es="La decisión la tomó una persona del banco el {day}, después de las reglas y los modelos "
    "que aquí se indican.",
    en="A person at the bank made the decision on {day}, after the rules and models shown here.",
)
SOURCES = {
    "APPLICANT": Text(es="lo declaró usted en la solicitud", en="you stated it when you applied"),
    "COMPUTED": Text(es="se calculó con lo que declaró", en="computed from what you stated"),
    "OTHER_LOANS": Text(
        es="resultados de otros préstamos del banco", en="results of other loans of the bank"
    ),
}
CRITERIA = Text(
    es="Se aprueba desde {approve} puntos y se rechaza por debajo de {decline}. Las reglas del "
    "banco deciden antes que el puntaje.",
    en="Approved from {approve} points and declined below {decline}. The bank's rules decide "
    "before the score.",
)
CHANGE = Text(
    es="Puede preguntar al banco si un cambio de la solicitud haría que se aprobara, y cuál sería "
    "el menor.",
    en="You may ask the bank whether a change of the application would have it approved, and which "
    "one is the smallest.",
)
BASIS_TEXTS: dict[Basis, Text] = {
    "UNSEEN_CODE": Text(
        es="Los modelos apenas conocen préstamos recientes con lo mismo en: {unseen}.",
        en="The models know hardly any recent loans with the same in: {unseen}.",
    ),
    "MODELS_DISAGREE": Text(
        es="Los modelos difieren mucho sobre esta solicitud.",
        en="The models disagree widely about this application.",
    ),
    "ABOVE_OFFER": Text(
        es="El monto es mayor que el que el banco ofrece con este puntaje.",
        en="The amount is above what the bank offers at this score.",
    ),
    "REVIEW_ONLY": Text(
        es="En ese momento una persona decidía sobre todas las solicitudes.",
        en="At that time a person decided on every application.",
    ),
}
TOO_FEW_ANSWERS = Text(
    es="No todos los modelos necesarios respondieron.",
    en="Not all models that are needed answered.",
)
NEEDS_MODELS: tuple[Basis, ...] = (
    "MANDATORY_MODEL_UNAVAILABLE", "TOO_FEW_MODELS", "TOO_LITTLE_WEIGHT"
)  # fmt: skip
BASIS_TEXTS |= dict.fromkeys(NEEDS_MODELS, TOO_FEW_ANSWERS)
NOT_CONSENTED = Text(
    es="No todos los modelos necesarios respondieron: alguno no se consultó porque usted no dio el "
    "consentimiento que requiere.",
    en="Not all models that are needed answered: at least one was not asked, because you did not "
    "give the consent that it needs.",
)
CONTEST = Text(
    es="Puede impugnar la decisión hasta el {until}. {how}",
    en="You may contest the decision until {until}. {how}",
)
CONTEST_OPEN = Text(
    es="Usted impugnó la decisión el {day}. Una persona que no decidió antes la resuelve, a más "
    "tardar el {due}.",
    en="You contested the decision on {day}. A person who did not decide before ends the contest, "
    "by {due} at the latest.",
)
CONTEST_OUTCOMES = {
    "UPHELD": Text(
        es="Usted impugnó la decisión el {day}. Una persona la revisó y la mantuvo el {ended}.",
        en="You contested the decision on {day}. A person reviewed it and upheld it on {ended}.",
    ),
    "CHANGED": Text(
        es="Usted impugnó la decisión el {day}. Una persona la revisó y la cambió el {ended}.",
        en="You contested the decision on {day}. A person reviewed it and changed it on {ended}.",
    ),
}


def explanation(
    stored: Document,
    acts: Sequence[Document],
    profile: Profile,
    language: Language,
    taken: str | None = None,
) -> Document:
    """Return what a bank tells the applicant of a stored decision, in their language.

    `acts` are what people did about it, the oldest first; `taken` is the prediction that took its
    counter-offer.
    """
    is_attempt = "counterOfferOf" in stored
    state = state_of(stored["decision"], acts, is_attempt=is_attempt, taken=taken)
    return {
        "clientId": stored["clientId"],
        "predictionId": stored["predictionId"],
        "language": language,
        "product": profile.product.title.said_in(language),
        "decidedAt": stored["createdAt"],
        "decision": state.decision,
        "text": _decided(state).said_in(language),
        "automated": decided_by(state)[0] == "AUTOMATIC",
        "decidedBy": decided_by(state)[0],
        "automation": _automation(state).said_in(language),
        "data": [*_data(stored, profile, language)],
        "criteria": _criteria(stored, profile, language),
        "reasons": _persons_reasons(state, profile, language)
        or _reasons(stored, profile, language),
        "change": None if state.ended or state.taken else _change(stored, language),
        "contest": _contest(stored, state, profile, language),
        "notices": [
            {"law": one.law, "text": one.text.said_in(language)} for one in profile.rights.notices
        ],
    }


def _decided(state: CaseState) -> Text:
    """Return the decision in a sentence; of an application that a person leaves, why."""
    who, why = decided_by(state)
    is_left = state.decision == "REVIEW" and who != "PENDING"
    return why if is_left else DECISIONS[state.decision]


def _data(stored: Document, profile: Profile, language: Language) -> Iterator[Document]:
    """Yield each datum that the models or rules of the day read, with its source."""
    application: Mapping[str, Any] = stored["application"]
    policy = _policy(stored, profile)
    skipped = {name for name, model in stored["models"].items() if "consent" in model}
    read = {
        name for model, one in profile.models.items() if model not in skipped
        for name in one.features
    }  # fmt: skip
    read |= {name for rule in policy.rules for name in rule.inputs}
    read |= {policy.offer.amount} if policy.offer else set()
    used = profile.sources_of(tuple(read))
    derivations = {name: f.derive for name, f in profile.features.items() if f.derive}
    for name, feature in profile.features.items():
        if name not in used:
            continue
        source = _source(feature)
        value = None if source == "OTHER_LOANS" else derived(name, derivations, application)
        yield {
            "feature": name,
            "title": feature.title.said_in(language),
            "value": value,
            **({"unit": feature.unit} if feature.unit else {}),
            "source": source,
            "sourceText": SOURCES[source].said_in(language),
        }


def _source(feature: Feature) -> str:
    if feature.derive is None:
        return "APPLICANT"
    return "OTHER_LOANS" if feature.derive.peers else "COMPUTED"


def _policy(stored: Document, profile: Profile) -> Policy:
    """Return the policy of the day; today's, for a decision of before decisions carried theirs."""
    proof = stored.get("evidence")
    return msgspec.convert(proof["policy"], Policy) if proof else profile.policy


def _criteria(stored: Document, profile: Profile, language: Language) -> Document:
    decision, models = _policy(stored, profile).decision, stored["models"]
    text = CRITERIA.format(
        approve=f"{decision.approve_from:g}", decline=f"{decision.decline_below:g}"
    )
    return {
        "text": text.said_in(language),
        "score": stored["score"],
        "approveFrom": decision.approve_from,
        "declineBelow": decision.decline_below,
        "basis": stored["decisionBasis"],
        "policyVersion": stored["policyVersion"],
        "models": [
            {"model": name, "weight": weight, **_part_of(models.get(name, {}))}
            for name, weight in decision.weights.items()
        ],
    }


def _part_of(model: Document) -> Document:
    """Return a model's score, and the consent for want of which it was not asked."""
    lacked = {"consentMissing": model["consent"]} if "consent" in model else {}
    return {"score": model.get("score"), **lacked}


def _reasons(stored: Document, profile: Profile, language: Language) -> list[Document]:
    """Return the principal reasons: what decided; for a score, the features that cost the most."""
    basis, policy = stored["decisionBasis"], _policy(stored, profile)
    rules, scored = ([dict(one) for one in stored.get(part, ())] for part in ("rules", "reasons"))
    with_rule_texts(rules, policy, profile, language)
    if deciding := [one for one in rules if one["code"] == basis]:
        return [{"rule": one["code"], "text": one["text"]} for one in deciding]
    if basis in NEEDS_MODELS and _lacks_consent(stored):
        return [{"basis": basis, "text": NOT_CONSENTED.said_in(language)}]
    if text := BASIS_TEXTS.get(basis):
        unseen = (profile.features[n] for n in stored.get("unseen", ()) if n in profile.features)
        names = ", ".join(feature.title.said_in(language) for feature in unseen)
        return [{"basis": basis, "text": text.said_in(language).format(unseen=names)}]
    if stored["decision"] == "APPROVE":
        return []
    with_texts((one for one in scored if one["feature"] in profile.features), profile, language)
    return [{"feature": one["feature"], "text": one["text"]} for one in scored]


def _lacks_consent(stored: Document) -> bool:
    return any("consent" in model for model in stored["models"].values())


def _change(stored: Document, language: Language) -> Document | None:
    """Return where to ask for what would change it; None for what was approved."""
    if stored["decision"] == "APPROVE":
        return None
    place = f"/predictions/{stored['clientId']}/{stored['predictionId']}/change"
    return {"href": place, "text": CHANGE.said_in(language)}


def _automation(state: CaseState) -> Text:
    if state.taken or state.is_attempt:
        return AUTOMATED
    if state.ended:
        return DECIDED_BY_PEOPLE.format(day=state.ended.at[:10])
    return AUTOMATED if state.decision != "REVIEW" else BY_A_PERSON


def _persons_reasons(state: CaseState, profile: Profile, language: Language) -> list[Document]:
    """Return the reason of the person who decided, if one did. An approval has its reason, too."""
    if state.ended is None:
        return []
    reason = profile.review.reasons.get(state.ended.reason)
    text = reason.text.said_in(language) if reason else state.ended.reason
    return [{"reason": state.ended.reason, "text": text}]


def _contest(
    stored: Document, state: CaseState, profile: Profile, language: Language
) -> Document | None:
    """Return until when and how to contest it, or what became of the contest; None where a person
    has yet to decide.
    """
    if state.contest is None:
        if state.case or state.taken or (state.is_attempt and state.decision != "APPROVE"):
            return None
        until = contest_until(stored, state, profile).isoformat()
        text = CONTEST.format(until=until, how=profile.rights.how_to_contest)
        return {"state": "POSSIBLE", "until": until, "text": text.said_in(language)}
    day, outcome = state.contest.at[:10], state.contest_outcome
    if outcome is None or state.ended is None:
        due = case_of(stored, state, profile)["dueAt"]
        text = CONTEST_OPEN.format(day=day, due=due[:10])
        return {"state": "OPEN", "at": state.contest.at, "dueAt": due,
                "text": text.said_in(language)}  # fmt: skip
    text = CONTEST_OUTCOMES[outcome].format(day=day, ended=state.ended.at[:10])
    return {"state": "ENDED", "at": state.contest.at, "outcome": outcome,
            "text": text.said_in(language)}  # fmt: skip
