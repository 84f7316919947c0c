"""moto's Table.items on the disk: a dictionary of hash keys that holds no item in memory.

Its values are items, or dictionaries of items by range key. What it reads belongs to the reader; a
write is on the disk when it returns.
"""

from collections import defaultdict
from collections.abc import Callable, ItemsView, Iterator, MutableMapping, ValuesView
from contextlib import AbstractContextManager
from itertools import groupby
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item

from localcloud.kept_state.sqlite.database import Transaction
from localcloud.kept_state.stored_tables.item_rows import ItemRows, Wanted
from localcloud.kept_state.stored_tables.item_values import ReadItem, item_of, item_text, key_text
from localcloud.kept_state.stored_tables.orders import Order, ending_of, order_of

Writing = Callable[[], AbstractContextManager[Transaction]]


class StoredItems(MutableMapping[DynamoType, Any]):
    def __init__(self, table: Any, name: str, rows: ItemRows, writing: Writing) -> None:
        """`name` is that of the table's rows."""
        self.name = name
        self._table = table
        self._rows = rows
        self._writing = writing

    def find(self, hash_key: DynamoType, range_key: DynamoType | None) -> ReadItem | None:
        text = self._rows.get(self.name, key_text((hash_key, range_key)))
        return item_of(self._table, text) if text else None

    def has(self, hash_key: DynamoType, range_key: DynamoType | None) -> bool:
        return self._rows.has(self.name, key_text((hash_key, range_key)))

    def put(self, hash_key: DynamoType, range_key: DynamoType | None, item: Item | None) -> None:
        """Write an item, or delete it if it is None. Raises NotStored."""
        text = item_text(item) if item else None
        with self._writing() as rows:
            rows.put_item(self.name, key_text((hash_key, range_key)), text)

    def in_order(self, wanted: Wanted) -> Iterator[ReadItem]:
        return (item_of(self._table, row.item) for row in self._rows.pages(wanted))

    def all(self) -> Iterator[ReadItem]:
        """Yield all items, sorted by their keys."""
        return self.in_order(Wanted(self.order))

    def expired(self, oldest: float, now: float) -> Iterator[ReadItem]:
        """Yield the items with a time to live between two moments, both included."""
        if ending := ending_of(self._table, self.name):
            for row in self._rows.expired(ending, oldest, now):
                yield item_of(self._table, row.item)

    @property
    def order(self) -> Order:
        found = order_of(self._table, self.name)
        assert found
        return found

    @property
    def count(self) -> int:
        """The number of items, of all hash keys."""
        return self._rows.count(self.order)

    def __getitem__(self, hash_key: DynamoType) -> Any:
        if self._table.range_key_attr:  # as moto's defaultdict has an empty one of every key
            return _Partition(self, hash_key)
        if found := self.find(hash_key, None):
            return found
        raise KeyError(hash_key)

    def __setitem__(self, hash_key: DynamoType, value: Any) -> None:
        if not self._table.range_key_attr:
            self.put(hash_key, None, value)
            return
        with self._writing():
            self.pop(hash_key, None)
            for range_key, item in value.items():
                self.put(hash_key, range_key, item)

    def __delitem__(self, hash_key: DynamoType) -> None:
        if hash_key not in self:
            raise KeyError(hash_key)
        with self._writing():
            for item in [*self.of(hash_key)]:
                self.put(item.hash_key, item.range_key, None)

    def pop(self, hash_key: DynamoType, *default: Any) -> Any:
        """Take out the items of a hash key, and return them."""
        if hash_key not in self:
            if default:
                return default[0]
            raise KeyError(hash_key)
        found = self[hash_key]
        gone = dict(found) if self._table.range_key_attr else found
        del self[hash_key]
        return gone

    def __contains__(self, hash_key: object) -> bool:
        if not isinstance(hash_key, DynamoType):
            return False
        if not self._table.range_key_attr:
            return self.has(hash_key, None)
        return next(self.of(hash_key), None) is not None

    def __iter__(self) -> Iterator[DynamoType]:
        for hash_key, _ in groupby(self.all(), key=lambda item: item.hash_key):
            yield hash_key

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def items(self) -> "_Pairs":
        return _Pairs(self)

    def values(self) -> "_Values":
        return _Values(self)

    def pairs(self) -> Iterator[tuple[DynamoType, Any]]:
        """Yield each hash key with what is under it, read in one go."""
        for hash_key, items in groupby(self.all(), key=lambda item: item.hash_key):
            if self._table.range_key_attr:
                yield hash_key, {item.range_key: item for item in items}
            else:
                yield hash_key, next(items)

    def of(self, hash_key: DynamoType) -> Iterator[ReadItem]:
        """Yield the items of a hash key, sorted by their range keys."""
        wanted = Wanted(self.order, hash=self.order.parts[0].value_of(hash_key))
        return (item for item in self.in_order(wanted) if item.hash_key == hash_key)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[DynamoType, Any]:
        """Return the items in memory, as a backup has them."""
        whole: dict[DynamoType, Any] = defaultdict(dict)
        whole.update(self.pairs())
        return whole


class _Partition(MutableMapping[DynamoType, Item]):
    """The items of one hash key, by range key."""

    def __init__(self, items: StoredItems, hash_key: DynamoType) -> None:
        self._items = items
        self._hash_key = hash_key

    def __getitem__(self, range_key: DynamoType) -> Item:
        if found := self._items.find(self._hash_key, range_key):
            return found
        raise KeyError(range_key)

    def __setitem__(self, range_key: DynamoType, item: Item) -> None:
        self._items.put(self._hash_key, range_key, item)

    def __delitem__(self, range_key: DynamoType) -> None:
        if range_key not in self:
            raise KeyError(range_key)
        self._items.put(self._hash_key, range_key, None)

    def __contains__(self, range_key: object) -> bool:
        return isinstance(range_key, DynamoType) and self._items.has(self._hash_key, range_key)

    def __iter__(self) -> Iterator[DynamoType]:
        for item in self._items.of(self._hash_key):
            assert item.range_key
            yield item.range_key

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Pairs(ItemsView[DynamoType, Any]):
    _mapping: StoredItems

    def __iter__(self) -> Iterator[tuple[DynamoType, Any]]:
        return self._mapping.pairs()


class _Values(ValuesView[Any]):
    _mapping: StoredItems

    def __iter__(self) -> Iterator[Any]:
        return (value for _, value in self._mapping.pairs())
