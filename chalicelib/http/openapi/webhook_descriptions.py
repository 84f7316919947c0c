"""Descriptions of the events that subscribers get: https://spec.openapis.org/oas/v3.1.0.html."""

from typing import Any

import msgspec

from chalicelib.governance.announcements.announcement import (
    DATA,
    SCHEMA_VERSION,
    TYPES,
    Announcement,
)

Document = dict[str, Any]

# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
HEADERS = {
    "webhook-id": "The event's id, the same at each attempt",
    "webhook-timestamp": "Seconds since 1970 of this attempt",
    "webhook-signature": "v1, and the base64 of HMAC-SHA256 over id, timestamp and body, with dots "
    "between; two with a space between while a secret is rotated",
}
ANSWERS = {
    "2XX": "The event was received; it is not sent again",
    "default": "The event is sent again, ten times in two days",
}


def webhooks() -> Document:
    """Return the webhook of each type of event."""
    return {kind: {"post": _operation(kind)} for kind in TYPES}


def parameters() -> Document:
    """Return the headers of each call, by their names among the components."""
    return {
        name: {"name": name, "in": "header", "required": True, "description": text,
               "schema": {"type": "string"}}
        for name, text in HEADERS.items()
    }  # fmt: skip


def _operation(kind: str) -> Document:
    return {
        "operationId": f"on{kind}",
        "summary": f"Receive {kind}",
        "tags": ["events"],
        "security": [],
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in HEADERS],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema(kind)}},
        },
        "responses": {status: {"description": text} for status, text in ANSWERS.items()},
    }


def schema(kind: str) -> Document:
    """Return the JSON Schema of a type of event."""
    whole, data = _parts(Announcement), _parts(DATA[kind])
    properties = whole["properties"] | {
        "type": {"const": kind},
        "schemaVersion": {"const": SCHEMA_VERSION},
        "timestamp": {"type": "string", "format": "date-time"},
        "data": {name: value for name, value in data.items() if name != "title"},
    }
    required = whole["required"]
    return {"title": kind, "type": "object", "properties": properties, "required": required}


def _parts(kind: type[msgspec.Struct]) -> Document:
    found = msgspec.json.schema(kind)
    parts: Document = found["$defs"][found["$ref"].rpartition("/")[2]]
    return parts
