"""JSON Schemas of what callers send, made from the profile and from the parsers' own limits."""

import re
from collections.abc import Sequence
from typing import Any, get_args

from chalicelib.decisions.application import CLIENT_ID, LARGEST_NUMBER
from chalicelib.decisions.intake.batches.batch_ids import BATCH_ID
from chalicelib.decisions.intake.batches.batch_indexing import MOST_BYTES
from chalicelib.decisions.intake.batches.row_reading import FORMS
from chalicelib.decisions.lists import cursors
from chalicelib.decisions.lists.list_request import BASIS, DECISIONS, FIELDS, VERSION
from chalicelib.decisions.outcomes import OUTCOMES
from chalicelib.decisions.predictions import PREDICTION_ID
from chalicelib.governance.erasure.erasure_request import REASONS
from chalicelib.governance.model_acts.model_act_requests import SHA256
from chalicelib.governance.model_acts.model_act_requests import VERSION as MODEL_VERSION
from chalicelib.governance.policies.policy_requests import LONGEST_REASON, MOST_DECISIONS
from chalicelib.governance.reviews.review_requests import (
    CURSOR,
    LONGEST_CONTEST,
    LONGEST_TEXT,
    POSITION,
)
from chalicelib.governance.sign_offs.sign_off_desk import CHALLENGER_ID
from chalicelib.governance.sign_offs.sign_off_request import Verdict as OfModel
from chalicelib.models.artifact import LARGEST_ARCHIVE
from chalicelib.profile import Feature, Profile
from chalicelib.profile.tables.review_tables import Verdict

Schema = dict[str, Any]


def whole(pattern: re.Pattern[str] | str) -> Schema:
    """Return the schema of a text that matches a pattern from its first to its last character."""
    text = pattern if isinstance(pattern, str) else pattern.pattern
    return {"type": "string", "pattern": f"^(?:{text})$"}


def _text(longest: int) -> Schema:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def _object(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


ONE_TO_100 = {"type": "integer", "minimum": 1, "maximum": 100}  # LIMIT of each list
CALENDAR_DAY = {"type": "string", "format": "date"}
QUERIES: dict[str, dict[str, Schema]] = {
    "listReviews": {
        "state": {"type": "string", "enum": ["open"]},
        "limit": ONE_TO_100,
        "cursor": whole(POSITION),
    },
    "getPortfolio": {"from": CALENDAR_DAY, "to": CALENDAR_DAY, "cursor": whole(CURSOR)},
    "getSwapSet": {"decisions": {"type": "integer", "minimum": 1, "maximum": MOST_DECISIONS}},
    "eraseClient": {"reason": {"type": "string", "enum": list(REASONS)}},
}
LISTS = ("listDecisions", "listPredictions")
PATHS: dict[str, Schema] = {
    "clientId": whole(CLIENT_ID),
    "predictionId": whole(PREDICTION_ID),
    "batchId": whole(BATCH_ID),
    "version": {"type": "string"},
    "draft": {"type": "string"},
    "model": {"type": "string"},
    "challenger": whole(CHALLENGER_ID),
}
NEW_BATCH: dict[str, Schema] = {
    "format": {"type": "string", "enum": list(FORMS)},
    "bytes": {"type": "integer", "minimum": 1, "maximum": MOST_BYTES},
}
NEW_ARTIFACT: dict[str, Schema] = {
    "version": whole(MODEL_VERSION),
    "bytes": {"type": "integer", "minimum": 1, "maximum": LARGEST_ARCHIVE},
    "sha256": whole(SHA256),
}
NEEDED = {("eraseClient", "reason")}  # all other parameters of a query may be left out


def queries(operation: str, profile: Profile) -> dict[str, Schema]:
    """Return the schema of each parameter of an operation's query."""
    return _list_query(profile) if operation in LISTS else QUERIES.get(operation, {})


def _list_query(profile: Profile) -> dict[str, Schema]:
    names = {"type": "string", "enum": list(FIELDS)}
    return {
        "from": CALENDAR_DAY,
        "to": CALENDAR_DAY,
        "decision": {"type": "string", "enum": list(DECISIONS)},
        "basis": whole(BASIS),
        "model": whole(f"(?:{'|'.join(profile.models)})(?::{VERSION.pattern})?"),
        **_segment(profile),
        "limit": ONE_TO_100,
        "cursor": whole(cursors.CURSOR),
        "fields": {"type": "array", "items": names, "minItems": 1},
    }


def _segment(profile: Profile) -> dict[str, Schema]:
    """Return the filter by a segment; none if the profile has no segment."""
    known = [f"{name}:{value}" for name, of in profile.segments().items() for value in of]
    return {"segment": {"type": "string", "enum": known}} if known else {}


def bodies(profile: Profile) -> dict[str, Schema]:
    """Return the schema of each operation's body, by the operation's name."""
    consents = sorted({*profile.consents().values()})
    given = {"type": "array", "items": {"enum": consents}, "uniqueItems": True}
    application = {"$ref": "#/components/schemas/Application"}
    policy = {"policy": {"type": "object"}, "reason": _text(LONGEST_REASON)}
    later = {"effectiveFrom": {"type": "string", "format": "date-time"}}
    return {
        "predict": _object(
            {"clientId": PATHS["clientId"], "application": application},
            {"consents": given} if consents else {},
        ),
        "postBatch": {"oneOf": [_object(NEW_BATCH), _object({"batchId": PATHS["batchId"]})]},
        "reportOutcome": _object(
            {"outcome": {"enum": list(OUTCOMES)}, "when": CALENDAR_DAY}, {"granted": CALENDAR_DAY}
        ),
        "tryChanges": _object({"changes": _actionable(profile)}),
        "takeOffer": _object({"takenAmount": _amount(profile)}),
        "contest": _object({"text": _text(LONGEST_CONTEST)}),
        "review": {"oneOf": [_verdict(one, profile) for one in get_args(Verdict)]},
        "draftPolicy": _object(policy, later),
        "signOff": _object(
            {"verdict": {"enum": list(get_args(OfModel))}, "reason": _text(LONGEST_REASON)}
        ),
        "uploadArtifact": _object(NEW_ARTIFACT | {"reason": _text(LONGEST_REASON)}),
        "rollModelBack": _object(
            {"version": whole(MODEL_VERSION), "reason": _text(LONGEST_REASON)}
        ),
        "rollPolicyBack": _object(
            {"policy": {"type": "string", "minLength": 1}, "reason": _text(LONGEST_REASON)}
        ),
    }


def application(profile: Profile) -> Schema:
    """Return the schema of an application: the features that the profile asks for."""
    asked, withheld = profile.asked_for(), profile.withheld(())  # without their consents
    must = [name for name, one in asked.items() if one.required and name not in withheld]
    needed = {name: _feature(asked[name]) for name in must}
    others = {name: _or_null(_feature(one)) for name, one in asked.items() if name not in must}
    return _object(needed, others) | {"title": "Application"}


def _feature(feature: Feature) -> Schema:
    about = {"title": feature.title.en, "description": f"{feature.title.es}."}
    if not feature.is_number:
        kind = whole(feature.pattern) if feature.pattern else {"type": "string"}
        return about | kind | ({"enum": list(feature.values)} if feature.values else {})
    bounds: Schema = {"exclusiveMinimum": -LARGEST_NUMBER, "exclusiveMaximum": LARGEST_NUMBER}
    if feature.minimum is not None:
        bounds = {"minimum": feature.minimum, "exclusiveMaximum": LARGEST_NUMBER}
    if feature.maximum is not None:
        bounds = {**bounds, "maximum": feature.maximum}
        bounds.pop("exclusiveMaximum")
    return about | {"type": feature.type} | bounds


def _actionable(profile: Profile) -> Schema:
    """Return the schema of changes: values to which an applicant can change a feature."""
    found = {}
    for name, one in profile.asked_for().items():
        if one.change:
            stated = {"minimum": one.change.minimum, "maximum": one.change.maximum}
            bounds: Schema = {key: bound for key, bound in stated.items() if bound is not None}
            schema = _feature(one) | bounds | _allowed(one.change.values)
            found[name] = schema if one.required else _or_null(schema)
    return _object({}, found)


def _allowed(values: Sequence[str | float]) -> Schema:
    """Return the schema of certain values; of numbers their range, as generators of clients know
    no enumeration of numbers.
    """
    numbers = [one for one in values if not isinstance(one, str)]
    if numbers:
        return {"minimum": min(numbers), "maximum": max(numbers)}
    return {"enum": [*values]} if values else {}


def _amount(profile: Profile) -> Schema:
    return _feature(profile.features[profile.offer.amount]) if profile.offer else {"type": "number"}


def _or_null(schema: Schema) -> Schema:
    nullable = schema | {"type": [schema["type"], "null"]}
    return nullable | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})


def _verdict(verdict: str, profile: Profile) -> Schema:
    codes = [code for code, one in profile.review.reasons.items() if one.verdict == verdict]
    parts: dict[str, Schema] = {"verdict": {"const": verdict}, "reason": {"enum": codes}}
    return _object(parts | {"text": _text(LONGEST_TEXT)})
