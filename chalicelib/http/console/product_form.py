"""Description of the product for forms: the fields of an application, what a person may do, and the
words of a decision. Pure.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib.foundation.text import Language
from chalicelib.people.access import ACCESS
from chalicelib.people.caller import Person
from chalicelib.profile import Feature, Profile

Document = dict[str, Any]


def product_form(profile: Profile, person: Person, language: Language) -> Document:
    """Return what a form of the product shows to a person."""
    score, decision = profile.policy.score, profile.policy.decision
    titles = {name: one.title.said_in(language) for name, one in profile.features.items()}
    return {
        "name": profile.product.name,
        "title": profile.product.title.said_in(language),
        "language": language,
        "person": person.recorded() | {"roles": sorted(person.roles)},
        "mayCall": [f"{row.method} {row.path}" for row in ACCESS if row.roles & person.roles],
        "fields": [*_fields(profile, language)],
        "titles": titles,
        "segments": [
            {"name": name, "values": [*values]} for name, values in profile.segments().items()
        ],
        "consents": sorted({*profile.consents().values()}),
        "examples": [*_examples(profile)],
        "models": [*_models(profile)],
        "scale": {
            "pointsToDoubleOdds": score.points_to_double_odds,
            "approveFrom": decision.approve_from,
            "declineBelow": decision.decline_below,
        },
        "review": _review(profile, language),
        "policyVersion": profile.policy_version(),
    }


def _fields(profile: Profile, language: Language) -> Iterator[Document]:
    consents = sorted({*profile.consents().values()})
    for name, one in profile.asked_for().items():
        needs = [each for each in consents if name in profile.withheld(_without(consents, each))]
        field = {
            "name": name,
            "title": one.title.said_in(language),
            "help": one.reason.said_in(language),
            "type": one.type,
            "required": one.required,
            "consents": needs,
            "actionable": _actionable(one),
        }
        yield field | _bounds(one, language)


def _without(names: list[str], left_out: str) -> list[str]:
    return [name for name in names if name != left_out]


def _bounds(one: Feature, language: Language) -> Document:
    """Return what a value must be, without what is not stated."""
    stated = {
        "unit": one.unit or None,
        "minimum": one.minimum,
        "maximum": one.maximum,
        "values": [*one.values] or None,
        "pattern": one.pattern,
        "format": one.format.said_in(language) if one.format else None,
    }
    return {name: value for name, value in stated.items() if value is not None}


def _actionable(one: Feature) -> Document | None:
    """Return to which values an applicant can change a field; None if to none."""
    if not one.change:
        return None
    stated = {
        "direction": one.change.direction,
        "minimum": one.change.minimum,
        "maximum": one.change.maximum,
        "values": [*one.change.values] or None,
    }
    return {name: value for name, value in stated.items() if value is not None}


def _examples(profile: Profile) -> Iterator[Document]:
    for name, one in profile.examples.items():
        sent = {"clientId": one.client_id, "application": one.application}
        yield {"name": name, **sent, "consents": [*one.consents]}


def _models(profile: Profile) -> Iterator[Document]:
    decision = profile.policy.decision
    for name, model in profile.models.items():
        yield {
            "name": name,
            "weight": decision.weights[name],
            "mandatory": name in decision.mandatory,
            "consent": model.consent,
        }


def _review(profile: Profile, language: Language) -> Document:
    return {
        "amountField": profile.review.amount,
        "secondPersonAbove": profile.review.second_person_above,
        "claimMinutes": profile.review.claim_minutes,
        "reasons": [
            {"code": code, "verdict": one.verdict, "text": one.text.said_in(language)}
            for code, one in profile.review.reasons.items()
        ],
    }
