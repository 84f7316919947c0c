"""Attribute values of DynamoDB in answers: moto looks for each of the ten types in each value,
which is nine tenths of the time of a query.
"""

from typing import Any

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
