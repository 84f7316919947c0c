"""The route POST …/trial: a stored application with other values, by today's models and policy.

Nothing is stored, so that a larger amount may be tried, too. The answer has each feature's part in
the score, so that it can be drawn from the population's average to the score.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from chalicelib.decisions.application import fault
from chalicelib.decisions.decision import blend, decide
from chalicelib.foundation.body_member import BodyMember
from chalicelib.foundation.errors import InvalidApplication
from chalicelib.foundation.request_fields import NOT_AN_OBJECT, NOT_ONE_OF, naming, other_fields
from chalicelib.foundation.text import Language, Text
from chalicelib.governance.rights.counterfactuals.committee import Committee, summary
from chalicelib.profile import Actionable, Feature, Profile
from chalicelib.scoring.branch_results import Scored

Document = dict[str, Any]

NOT_ACTIONABLE = Text(
    es="no lo puede cambiar el solicitante", en="is not the applicant's to change"
)


def tried(stored: Document, body: Any, language: Language, committee: Committee) -> Document:
    """Return what would be decided with the changes of the body. Raises InvalidApplication."""
    profile = committee.profile
    application = changed(stored["application"], body, profile)
    [answers] = committee.answers([application])
    review_only = committee.review_only
    decided = decide(application, answers, profile, language, review_only=review_only)
    scored = {name: one for name, one in answers.items() if isinstance(one, Scored)}
    mixed, scale = blend(scored, profile.policy.decision), profile.policy.score
    parts = mixed.contributions if mixed else {}
    return {
        "clientId": stored["clientId"],
        "predictionId": stored["predictionId"],
        "application": application,
        **summary(decided, profile, language),
        "average": scale.points(mixed.baseline) if mixed else None,
        "contributions": [
            {
                "feature": name,
                "title": profile.features[name].title.said_in(language),
                "points": round(-scale.points_a_unit * logit, 2),
            }
            for name, logit in sorted(parts.items(), key=lambda one: (-abs(one[1]), one[0]))
        ],
        "policyVersion": profile.policy_version(),
        "language": language,
    }


def changed(application: Mapping[str, Any], body: Any, profile: Profile) -> Document:
    """Return the application with the body's changes. Raises InvalidApplication."""
    faults: dict[str, Text] = {**other_fields(body, {"changes"})}
    given = body.get("changes") if isinstance(body, dict) else {}
    changes: Document = given if isinstance(given, dict) else {}
    faults |= {} if isinstance(given, dict) else {"changes": NOT_AN_OBJECT}
    faults |= dict(_wrong(changes, profile))
    if faults:
        raise naming(InvalidApplication, faults)
    return {name: one for name, one in {**application, **changes}.items() if one is not None}


def _wrong(changes: Mapping[str, Any], profile: Profile) -> Iterator[tuple[str, Text]]:
    for name, value in changes.items():
        feature = profile.asked_for().get(name)
        allowed = feature.change if feature else None
        if feature is None or allowed is None:
            yield BodyMember("changes", name), NOT_ACTIONABLE
        elif wrong := fault(value, feature) or _beyond(value, feature, allowed):
            yield BodyMember("changes", name), wrong


def _beyond(value: Any, feature: Feature, allowed: Actionable) -> Text | None:
    """Return why an applicant can't change a feature to the value; None if they can."""
    if value is not None and allowed.values and value not in allowed.values:
        return NOT_ONE_OF.format(values=", ".join(map(str, allowed.values)))
    bounds = {"minimum": allowed.minimum, "maximum": allowed.maximum}
    return fault(value, msgspec.structs.replace(feature, **bounds))
