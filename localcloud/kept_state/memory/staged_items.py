"""Staging of DynamoDB writes: moto changes copies of the items that a request names, the copies are
written to disk, and only then does any reader see them.
"""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item

from localcloud.kept_state.memory.index_items import forget, moved
from localcloud.kept_state.memory.index_lag import IndexLag
from localcloud.kept_state.memory.unread_values import decoded, encoded, item_of
from localcloud.kept_state.sqlite.database import Transaction

Key = tuple[DynamoType, DynamoType | None]
Changed = Callable[[Transaction, Any, Key, Any, str | None], None]

_UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError)


class StagedItems:
    """A backend of DynamoDB whose tables hold only the items of one request."""

    def __init__(self, backend: Any, touched: Iterator[tuple[str, dict[str, Any]]]) -> None:
        self._backend = backend
        self._keys: dict[str, dict[Key, None]] = defaultdict(dict)
        for name, attributes in touched:
            table = table_named(backend, name)
            if table and (key := _key_or_none(table, attributes)):
                self._keys[table.name][key] = None
        self.backend: Any = object.__new__(type(backend))
        self.backend.__dict__.update(backend.__dict__)
        self.backend.tables = {
            name: _with_items(table, self._keys[name]) for name, table in backend.tables.items()
        }

    def write(self, rows: Transaction, changed: Changed) -> None:
        """Write each item. `changed` gets those of tables with a stream: the table, the key, the
        item before, and the text of the one after.
        """
        for name, keys in self._keys.items():
            for key in keys:
                item = _get(self.backend.tables[name], key)
                text = item_text(item) if item else None
                rows.put_item(name, key_text(key), text)
                table = self._backend.tables[name]
                before = _get(table, key)
                if table.stream_shard is not None and (before or item):
                    changed(rows, table, key, before, text)

    def publish(self, reading: threading.RLock, lag: IndexLag) -> None:
        """Put what was written where the readers look."""
        with reading:
            for name, keys in self._keys.items():
                table = self._backend.tables[name]
                for key in keys:
                    before, after = _get(table, key), _get(self.backend.tables[name], key)
                    lag.note(table, key, before)
                    moved(table, key, before, after)
                    put(table, key, after)


def table_named(backend: Any, name_or_arn: str) -> Any:
    return backend.tables.get(str(name_or_arn).rpartition("/")[2])


def key_of(table: Any, attributes: dict[str, Any]) -> Key:
    range_key = table.range_key_attr
    return (
        DynamoType(attributes[table.hash_key_attr]),
        DynamoType(attributes[range_key]) if range_key else None,
    )


def key_text(key: Key) -> str:
    return json.dumps([key[0].to_json(), key[1] and key[1].to_json()], default=encoded)


def item_text(item: Item) -> str:
    return json.dumps(item.to_json()["Attributes"], default=encoded)


def restore_item(table: Any, text: str) -> None:
    """Put a kept item into its table."""
    attributes = json.loads(text, object_hook=decoded)
    key = key_of(table, attributes)
    put(table, key, item_of(key, attributes)[0])
    forget(table)


def _key_or_none(table: Any, attributes: dict[str, Any]) -> Key | None:
    """Return the key, or None if it is missing, which moto then refuses in DynamoDB's words."""
    try:
        key = key_of(table, attributes)
        hash(key)
    except _UNREADABLE:
        return None
    return key


def _with_items(table: Any, keys: dict[Key, None]) -> Any:
    staged: Any = object.__new__(type(table))  # not copied: moto remembers every copy for ever
    staged.__dict__.update(table.__dict__)
    staged.items = defaultdict(dict)
    # Both lead to all of the table's items, which moto would copy for each transaction.
    staged.stream_shard = None
    forget(staged)
    for key in keys:
        if item := _get(table, key):
            put(staged, key, item.__deepcopy__({}))
    return staged


def _get(table: Any, key: Key) -> Item | None:
    found: Any = table.items.get(key[0])
    item: Item | None = found.get(key[1]) if table.range_key_attr and found is not None else found
    return item


def put(table: Any, key: Key, item: Item | None) -> None:
    if table.range_key_attr and item:
        table.items[key[0]][key[1]] = item
    elif table.range_key_attr:
        table.items[key[0]].pop(key[1], None)
    elif item:
        table.items[key[0]] = item
    else:
        table.items.pop(key[0], None)
