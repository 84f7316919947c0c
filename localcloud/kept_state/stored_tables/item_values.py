"""Items of moto as JSON, and back: what is nested in maps and lists becomes moto's objects when it
is read, which few of it ever is.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict

from localcloud.kept_state.sqlite.sort_keys import plain_number

Key = tuple[DynamoType, DynamoType | None]

_BYTES = '"base64"'
_BINARY = ('"B"', '"BS"')


class Unread(DynamoType):
    """A map or a list of moto's, as JSON has it. A copy is moto's own, and can be changed."""

    def __init__(self, kind: str, held: Any, *, has_binary: bool) -> None:
        self.type = kind
        self.has_binary = has_binary  # which an answer has in another form
        self._held = held

    @property
    def value(self) -> Any:
        return DynamoType({self.type: self._held}).value

    def to_json(self) -> dict[str, Any]:
        return {self.type: self._held}

    def size(self) -> int:
        return size_of(self.type, self._held)

    def __deepcopy__(self, memo: dict[int, Any]) -> DynamoType:
        return DynamoType({self.type: self._held})


class ReadItem(Item):
    """An item as it was read from the disk, for one reader."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Item:
        return self

    def size(self) -> int:
        known: int | None = vars(self).get("known_size")
        if known is None:
            known = vars(self)["known_size"] = super().size()
        return known

    def changeable(self) -> Item:
        """Return a copy that moto may change."""
        return Item.__deepcopy__(self, {})


def key_of(table: Any, attributes: dict[str, Any]) -> Key:
    range_key = table.range_key_attr
    return (
        DynamoType(attributes[table.hash_key_attr]),
        DynamoType(attributes[range_key]) if range_key else None,
    )


def key_text(key: Key) -> str:
    return json.dumps([one and _key_part(one) for one in key], default=encoded)


def item_text(item: Item) -> str:
    return json.dumps(item.to_json()["Attributes"], default=encoded)


def text_of(attributes: Mapping[str, Any]) -> str:
    """Return the JSON of attributes in DynamoDB's form."""
    return _as_json(attributes)


def item_of(table: Any, text: str) -> ReadItem:
    """Return an item of JSON. moto's Item would add up its size anew at every attribute."""
    attributes = json.loads(text, object_hook=decoded if _BYTES in text else None)
    binary = any(kind in text for kind in _BINARY)
    item: Any = object.__new__(ReadItem)
    item.hash_key, item.range_key = key_of(table, attributes)
    item.attrs = LimitedSizeDict()
    for name, value in attributes.items():
        kind = next(iter(value))
        nested = kind in ("M", "L")
        held = Unread(kind, value[kind], has_binary=binary) if nested else DynamoType(value)
        dict.__setitem__(item.attrs, name, held)
    return item  # type: ignore[no-any-return]


def size_of(kind: str, held: Any) -> int:
    """Return the size of a value as moto counts it, without an object for each part of it."""
    if kind == "M":
        return sum(
            len(name.encode()) + size_of(*part)
            for name, value in held.items()
            for part in value.items()
        )
    if kind == "L":
        return sum(size_of(*part) for value in held for part in value.items())
    if kind in ("SS", "NS", "BS"):
        return sum(size_of(kind[0], one) for one in held)
    if isinstance(held, bool):
        return 1
    return len(held if isinstance(held, bytes) else held.encode())


def put(table: Any, key: Key, item: Item | None) -> None:
    """Put an item into a table in memory, or take it out."""
    if table.range_key_attr and item:
        table.items[key[0]][key[1]] = item
    elif table.range_key_attr:
        table.items[key[0]].pop(key[1], None)
    elif item:
        table.items[key[0]] = item
    else:
        table.items.pop(key[0], None)


def encoded(value: Any) -> dict[str, str]:
    assert isinstance(value, bytes)
    return {"base64": base64.b64encode(value).decode()}


def decoded(value: dict[str, Any]) -> Any:
    """Return bytes as they were; an attribute of a map that is named so has a map for its value."""
    text = value.get("base64")
    return base64.b64decode(text) if len(value) == 1 and isinstance(text, str) else value


def _key_part(part: DynamoType) -> dict[str, Any]:
    """Return a part of a key. Numbers are written in one way, as 1 and 1.0 are one key."""
    return {"N": plain_number(part.value)} if part.is_number() else part.to_json()


_as_json = json.JSONEncoder(default=encoded).encode
