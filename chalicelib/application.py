"""A credit application: parsed and checked once, trusted from then on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from chalicelib.errors import InvalidApplication
from chalicelib.profile import Feature, Profile

MOST_ERRORS = 100  # named at once
LARGEST_NUMBER = 1e15  # a float still tells whole numbers apart
CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")

Value = float | int | str


@dataclass(frozen=True, slots=True)
class CreditApplication:
    """`values` holds the features that were given; what is missing is left out."""

    client_id: str
    values: dict[str, Value]

    @classmethod
    def from_payload(cls, payload: Any, profile: Profile) -> "CreditApplication":
        """Raises InvalidApplication, naming every wrong field."""
        errors = dict(islice(_wrong_fields(payload, profile), MOST_ERRORS))
        if errors:
            detail = f"{len(errors)} field(s) must be corrected: {', '.join(errors)}."
            raise InvalidApplication(detail, errors)
        values = {
            name: _plain(value, profile.features[name])
            for name, value in payload["application"].items()
            if value is not None
        }
        return cls(payload["clientId"], values)


def _wrong_fields(payload: Any, profile: Profile) -> Iterator[tuple[str, str]]:
    if not isinstance(payload, dict):
        yield "body", 'must be an object with "clientId" and "application"'
        return
    client_id = payload.get("clientId")
    if not isinstance(client_id, str) or not CLIENT_ID.fullmatch(client_id):
        yield "clientId", "must be 1 to 64 letters, digits, and . _ : - after the first"
    for name in payload.keys() - {"clientId", "application"}:
        yield name, "is not a field of a request"
    application = payload.get("application")
    if not isinstance(application, dict):
        yield "application", "must be an object with the application's features"
        return
    for name, feature in profile.asked_for().items():
        if wrong := fault(application.get(name), feature):
            yield f"application.{name}", wrong
    for name in application.keys() - profile.asked_for().keys():
        known = name in profile.features
        yield f"application.{name}", "is computed, not given" if known else "is not a feature"


def fault(value: Any, feature: Feature) -> str:
    """What is wrong with a value, or nothing."""
    if value is None:
        return "is required" if feature.required else ""
    if feature.type in ("number", "integer"):
        return _number_fault(value, feature)
    if not isinstance(value, str):
        return "must be a text"
    if feature.values and value not in feature.values:
        return f"must be one of {', '.join(feature.values)}"
    if feature.pattern and not re.fullmatch(feature.pattern, value):
        return f"must match {feature.pattern}"
    return ""


def _number_fault(value: Any, feature: Feature) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number"
    if not -LARGEST_NUMBER < value < LARGEST_NUMBER:  # nor NaN, nor what no float can hold
        return "must be a number"
    if feature.type == "integer" and value != int(value):
        return "must be a whole number"
    if feature.minimum is not None and value < feature.minimum:
        return f"must be {feature.minimum:,.10g} or more"
    if feature.maximum is not None and value > feature.maximum:
        return f"must be {feature.maximum:,.10g} or less"
    return ""


def _plain(value: Value, feature: Feature) -> Value:
    """59.0 employees are 59: JSON has one kind of number."""
    return int(value) if feature.type == "integer" else value
