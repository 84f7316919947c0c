"""Staging of DynamoDB writes: moto changes copies of the items that a request names, the copies are
written to disk, and only then does any reader see them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from moto.dynamodb.models.dynamo_type import Item

from localcloud.kept_state.sqlite.database import Transaction
from localcloud.kept_state.stored_tables.index_lag import IndexLag
from localcloud.kept_state.stored_tables.item_values import Key, item_text, key_of, key_text, put

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

    def write(self, rows: Transaction, changed: Changed, lag: IndexLag) -> None:
        """Write each item. `changed` gets those of tables with a stream: the table, the key, the
        item before, and the text of the one after.
        """
        for name, keys in self._keys.items():
            table = self._backend.tables[name]
            for key in keys:
                item = _staged(self.backend.tables[name], key)
                text = item_text(item) if item else None
                before = table.items.find(*key)
                lag.note(table, key, before)
                rows.put_item(table.items.name, key_text(key), text)
                if table.stream_shard is not None and (before or item):
                    changed(rows, table, key, before, text)


def table_named(backend: Any, name_or_arn: str) -> Any:
    return backend.tables.get(str(name_or_arn).rpartition("/")[2])


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
    # It leads to the table with all of its items, which moto would copy for each transaction.
    staged.stream_shard = None
    for key in keys:
        if item := table.items.find(*key):
            put(staged, key, item.changeable())
    return staged


def _staged(table: Any, key: Key) -> Item | None:
    found: Any = table.items.get(key[0])
    item: Item | None = found.get(key[1]) if table.range_key_attr and found is not None else found
    return item
