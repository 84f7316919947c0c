"""Attribute values of DynamoDB in answers: moto looks for each of the ten types in each value,
which is nine tenths of the time of a query, and makes an object of each.
"""

from typing import Any

from localcloud.kept_state.stored_tables.item_values import Unread

SHAPE = "AttributeValue"  # of DynamoDB's service model
TEXTS = ("S", "N")


def written_by_their_type(original: Any) -> Any:
    """Replace moto's BaseJSONSerializer._serialize_type_structure."""

    def structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        plain = _plain(value) if shape.name == SHAPE else None
        if plain is None:
            original(self, serialized, value, shape, key)
        else:
            self._default_serialize(serialized, plain, shape, key)

    return structure


def as_they_were_read(original: Any) -> Any:
    """Replace moto's dynamo_to_dict. An answer has bytes where moto has their base64."""

    def to_dict(obj: Any) -> Any:
        if isinstance(obj, Unread) and not obj.has_binary:
            return obj.to_json()
        return original(obj)

    return to_dict


def _plain(value: Any) -> dict[str, Any] | None:
    """Return a value as JSON; None if moto must write it: bytes and sets."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((kind, held),) = value.items()
    if (kind in TEXTS and isinstance(held, str)) or kind in ("BOOL", "NULL"):
        return {kind: held}
    if kind == "M" and isinstance(held, dict):
        parts = {name: _plain(part) for name, part in held.items()}
        return None if None in parts.values() else {kind: parts}
    if kind == "L" and isinstance(held, list):
        items = [_plain(part) for part in held]
        return None if None in items else {kind: items}
    return None
