"""Reads of DynamoDB's tables: pages from the disk, of no more items than an answer needs."""

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT

from localcloud.kept_state.durability import Kept
from localcloud.kept_state.stored_tables.index_lag import IndexLag
from localcloud.kept_state.stored_tables.item_rows import PAGE_ROWS, Wanted
from localcloud.kept_state.stored_tables.orders import Order, order_of
from localcloud.kept_state.stored_tables.stored_items import StoredItems

LOWER, UPPER = ("=", ">", ">=", "BETWEEN"), ("=", "<", "<=", "BETWEEN")
KEY_BYTES = 1024  # a range key's at most

Values = list[DynamoType]
_OF_KEYS = ("hash_key_conditions", "range_key_conditions")
_CONDITIONS = {*_OF_KEYS, "consistent_read", "filter_expression"}


def on_disk(kept: Kept) -> Callable[[Any], Any]:
    """Replace moto's Table.__init__."""

    def replace(original: Any) -> Any:
        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            self.items = kept.items_of(self)

        return init

    return replace


def without_rows(kept: Kept) -> Callable[[Any], Any]:
    """Replace moto's DynamoDBBackend.delete_table: the items go with their table."""

    def replace(original: Any) -> Any:
        def delete_table(self: Any, name: str) -> Any:
            with kept.items, kept.writing() as rows:
                table = original(self, name)
                rows.execute('delete from items where "table" = ?', [table.items.name])
            return table

        return delete_table

    return replace


def counted(original: Any) -> Any:
    """Replace moto's Table.__len__."""

    def length(self: Any) -> int:
        stored = isinstance(self.items, StoredItems)
        return self.items.count if stored else original(self)  # type: ignore[no-any-return]

    return length


def in_order(original: Any) -> Any:
    """Replace moto's Table.all_items, which sorts them."""

    def all_items(self: Any) -> Any:
        stored = isinstance(self.items, StoredItems)
        return [*self.items.all()] if stored else original(self)

    return all_items


def by_page(lag: IndexLag) -> Callable[[Any], Any]:
    """Replace moto's Table.query, which looks at every item of the table.

    It gets those of one hash key, of the table or an index, from where the query starts to one
    more than it asks for. It still does all of the query.
    """

    def replace(original: Any) -> Any:
        def query(
            self: Any, hash_key: Any, *args: Any, index_name: str | None = None, **more: Any
        ) -> Any:
            # its parameters before the index: a comparison, values, limit, start, order, projection
            named = index_name or (args[6] if len(args) > 6 else None)
            given = {"index_name": index_name} if index_name else {}
            shown = self
            if named and lag.seconds:
                shown = lag.as_indexes_see(self)
            elif wanted := _wanted(self, named, args, more):
                inside = _inside(self.items.in_order(wanted), more)
                unbounded = more.keys() - _CONDITIONS  # moto counts what passes such filters
                limit = args[2] or math.inf
                shown = _narrow(self, [*(inside if unbounded else _enough(inside, limit))])
            return original(shown, hash_key, *args, **given, **more)

        return query

    return replace


def scan_by_page(original: Any) -> Any:
    """Replace moto's Table.scan, which sorts all items of the table and copies none too few."""

    def scan(
        self: Any, filters: Any, limit: Any, exclusive_start_key: Any, *args: Any, **more: Any
    ) -> Any:
        index = more.get("index_name") or (args[1] if len(args) > 1 else None)
        shown = self
        if isinstance(self.items, StoredItems):
            order = order_of(self, self.items.name, index)
            if order and not (index and len(_schema(self, index)) == 1):
                after = _after(order.parts, exclusive_start_key)
                first = min(limit + 1, PAGE_ROWS) if limit else PAGE_ROWS
                wanted = Wanted(order, after=after, first_page=first)
                shown = _narrow(self, self.items.in_order(wanted))
        return original(shown, filters, limit, exclusive_start_key, *args, **more)

    return scan


def of_whole_attributes(original: Any) -> Any:
    """Replace moto's Item.project: whole attributes are taken as they are."""

    def project(self: Any, projection_expressions: list[list[str]]) -> Any:
        names = [path[0] for path in projection_expressions]
        if any(len(path) > 1 for path in projection_expressions) or "[" in "".join(names):
            return original(self, projection_expressions)
        shown = object.__new__(type(self))
        shown.hash_key, shown.range_key = self.hash_key, self.range_key
        shown.attrs = {name: self.attrs[name] for name in names if name in self.attrs}
        return shown

    return project


def _narrow(table: Any, items: Iterable[Item]) -> Any:
    """Return a table that has these items, which are sorted as a scan or a query sorts them."""
    narrow: Any = object.__new__(type(table))
    narrow.__dict__.update(table.__dict__)
    narrow.all_items = lambda: items
    if not isinstance(items, list):  # those of an index's scan; a query sorts its list
        narrow.has_idx_items = lambda _index_name: items
        narrow.sorted_items = lambda _hashes, _ranges, found: found
    return narrow


def _inside(items: Iterator[Any], more: dict[str, Any]) -> Iterator[Any]:
    """Yield the items for which a query's conditions on its keys hold."""
    hashes, ranges = (more.get(name) or [] for name in _OF_KEYS)
    conditions = [*((name, "=", [value]) for name, value in hashes), *ranges]
    for item in items:
        if all(item.attrs[name].compare(how, values) for name, how, values in conditions):
            yield item


def _enough(items: Iterator[Any], limit: float) -> Iterator[Any]:
    """Yield the items that a query looks at, and one more: it says that there are more."""
    size = 0
    for number, item in enumerate(items):
        yield item
        size += item.size()
        if number >= limit or size > RESULT_SIZE_LIMIT:
            return


def _wanted(table: Any, index: str | None, args: tuple[Any, ...], more: Any) -> Wanted | None:
    """Return the bounds of a query; None for one that moto answers from all items."""
    if not isinstance(table.items, StoredItems):
        return None
    order = order_of(table, table.items.name, index)
    conditions = more.get("hash_key_conditions") or []
    if not order or len(conditions) != 1 or conditions[0][0] != order.parts[0].attribute:
        return None
    _, _, limit, start, forward, *_ = args
    low, high = _bounds(order, more.get("range_key_conditions") or [])
    return Wanted(
        order,
        order.parts[0].value_of(conditions[0][1]),
        low,
        high,
        _after(order.parts[1:], start),
        forward is not False,
        min(limit + 1, PAGE_ROWS) if limit else PAGE_ROWS,
    )


def _bounds(order: Order, ranges: list[tuple[str, str, Values]]) -> tuple[Any, Any]:
    """Return the lowest and the highest value of a range key that a query's condition may allow."""
    if len(ranges) != 1 or len(order.parts) < 2 or ranges[0][0] != order.parts[1].attribute:
        return None, None
    _, comparison, values = ranges[0]
    found = [order.parts[1].value_of(value) for value in values]
    comparison = comparison.upper()
    if comparison == "BEGINS_WITH":
        return found[0], _last_with(found[0])
    low = found[0] if comparison in LOWER else None
    return low, found[-1] if comparison in UPPER else None


def _last_with(prefix: Any) -> Any:
    """Return a value that is none of those that begin with a prefix, and just beyond them."""
    return prefix + (chr(sys.maxunicode) if isinstance(prefix, str) else b"\xff" * KEY_BYTES)


def _after(parts: Any, start: dict[str, Any] | None) -> list[Any]:
    """Return the values of the item that a page starts after. moto refuses one without a key."""
    if not start or any(part.attribute not in start for part in parts):
        return []
    return [part.value_of(DynamoType(start[part.attribute])) for part in parts]


def _schema(table: Any, index: str) -> list[dict[str, str]]:
    schema: list[dict[str, str]] = table.get_index(index).schema
    return schema
