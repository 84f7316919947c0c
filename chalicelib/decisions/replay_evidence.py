"""Evidence for a replay, stored with each decision: its policy and a mark of each feature."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.profile import Policy

Document = dict[str, Any]


def evidence(application: Mapping[str, Any], policy: Policy) -> Document:
    """Return the policy in force and a mark of each feature of the application."""
    marks = {name: _mark(name, value) for name, value in application.items()}
    return {"policy": msgspec.to_builtins(policy), "features": marks}


def changed_features(application: Mapping[str, Any], marks: Mapping[str, str]) -> list[str]:
    """Return the features that were changed, added or removed since they were marked."""
    return sorted(
        name
        for name in {*application, *marks}
        if name not in application or marks.get(name) != _mark(name, application[name])
    )


def _mark(name: str, value: Any) -> str:
    """Return a hash of a feature's value. DynamoDB stores 59.0 as 59, so both have one mark."""
    same = int(value) if isinstance(value, float) and value.is_integer() else value
    return hashlib.sha256(json.dumps([name, same]).encode()).hexdigest()[:16]
