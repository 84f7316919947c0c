"""What a decision carries so that it can be replayed: its policy, and a mark of each feature."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.profile import Policy

Document = dict[str, Any]


def evidence(application: Mapping[str, Any], policy: Policy) -> Document:
    marks = {name: _mark(name, value) for name, value in application.items()}
    return {"policy": msgspec.to_builtins(policy), "features": marks}


def changed_features(application: Mapping[str, Any], marks: Mapping[str, str]) -> list[str]:
    """The features whose value is not the one that was marked, was added or is gone."""
    return sorted(
        name
        for name in {*application, *marks}
        if name not in application or marks.get(name) != _mark(name, application[name])
    )


def _mark(name: str, value: Any) -> str:
    """DynamoDB keeps 59.0 as 59: they are one value."""
    same = int(value) if isinstance(value, float) and value.is_integer() else value
    return hashlib.sha256(json.dumps([name, same]).encode()).hexdigest()[:16]
