"""Maps and lists of items as JSON text until they are read: a sixth of the memory, and of the time.

moto makes an object of each value of an item, 16 KB for a decision, of which few are ever read.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict


class Unread(DynamoType):
    """A map or a list of moto's. Each reader gets objects of its own, and no one changes it: moto
    changes copies of items, and a copy is a plain value.
    """

    def __init__(self, kind: str, text: str) -> None:
        self.type = kind
        self._text = text

    @property
    def value(self) -> Any:
        return self._plain().value

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._text, object_hook=decoded)
        return found

    def __deepcopy__(self, memo: dict[int, Any]) -> DynamoType:
        return self._plain()

    def _plain(self) -> DynamoType:
        return DynamoType(self.to_json())


def item_of(key: tuple[Any, Any], attributes: Mapping[str, Any]) -> tuple[Item, str]:
    """Return an item of DynamoDB's form, and its text. moto's Item would add up its size anew at
    every attribute.
    """
    item: Any = object.__new__(Item)
    item.hash_key, item.range_key = key
    item.attrs = LimitedSizeDict()
    texts = []
    for name, value in attributes.items():
        text = _as_json(value)
        kind = next(iter(value))
        held = Unread(kind, text) if kind in ("M", "L") else DynamoType(value)
        dict.__setitem__(item.attrs, name, held)
        texts.append(f"{_as_json(name)}: {text}")
    return item, "{" + ", ".join(texts) + "}"


def encoded(value: Any) -> dict[str, str]:
    assert isinstance(value, bytes)
    return {"base64": base64.b64encode(value).decode()}


def decoded(value: dict[str, Any]) -> Any:
    """Return bytes as they were; an attribute of a map that is named so has a map for its value."""
    text = value.get("base64")
    return base64.b64decode(text) if len(value) == 1 and isinstance(text, str) else value


_as_json = json.JSONEncoder(default=encoded).encode
