"""Items of DynamoDB's tables by their keys in indexes. moto has no such lists: a query of an index
looks at every item of the table, and sorts them all.

A table's lists are made by the first query of an attribute. Each published write changes them.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item

PLACE = "items_by_attribute"  # on the table; copies of a table are never published, and change none

Key = tuple[DynamoType, DynamoType | None]
Lists = dict[DynamoType, dict[Key, Item]]


class ReadOnly(Item):
    """A published item as a query sees it. Writes change copies, so it needs none of its own."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Item:
        return self

    def size(self) -> int:
        known: int | None = vars(self).get("known_size")
        if known is None:
            known = vars(self)["known_size"] = super().size()
        return known


@dataclass(frozen=True)
class Asked:
    """Bounds of a query: a comparison of the range key, and how many items it looks at."""

    attribute: str
    comparison: str
    values: list[DynamoType]
    limit: int
    newest_first: bool

    def first(self, items: Iterable[Item]) -> list[Item]:
        """Return the first items within the bounds, and one more: it says that there are more.

        Items of one range key are all among them, as moto sorts these by the table's key.
        """
        ranges = ((item.attrs.get(self.attribute), item) for item in items)
        inside = [(key, item) for key, item in ranges if key and self._has(key)]
        inside.sort(key=lambda pair: pair[0], reverse=self.newest_first)
        last = inside[self.limit][0] if len(inside) > self.limit else None
        more = takewhile(lambda pair: pair[0] == last, inside[self.limit :])
        return [item for _, item in (*inside[: self.limit], *more)]

    def _has(self, key: DynamoType) -> bool:
        return bool(key.compare(self.comparison, self.values))


def items_with(
    table: Any, attribute: str, value: DynamoType, asked: Asked | None = None
) -> dict[Any, Any]:
    """Return the items of a value, as moto's Table.items has them; the first ones if `asked`."""
    by_attribute: dict[str, Lists] = vars(table).setdefault(PLACE, {})
    if attribute not in by_attribute:
        by_attribute[attribute] = _lists(table, attribute)
    chosen: Iterable[Item] = by_attribute[attribute].get(value, {}).values()
    items: dict[Any, Any] = defaultdict(dict)
    for item in asked.first(chosen) if asked else chosen:
        shown: Any = object.__new__(ReadOnly)
        shown.__dict__ = item.__dict__
        if table.range_key_attr:
            items[item.hash_key][item.range_key] = shown
        else:
            items[item.hash_key] = shown
    return items


def moved(table: Any, key: Key, before: Item | None, after: Item | None) -> None:
    """Put a written item into the lists of its values, and take the replaced one out of its own."""
    for attribute, lists in vars(table).get(PLACE, {}).items():
        if before and (value := before.attrs.get(attribute)):
            lists.get(value, {}).pop(key, None)
        if after and (value := after.attrs.get(attribute)):
            lists[value][key] = after


def forget(table: Any) -> None:
    """Drop a table's lists: the next query makes them again."""
    vars(table).pop(PLACE, None)


def _lists(table: Any, attribute: str) -> Lists:
    lists: Lists = defaultdict(dict)
    for item in table.all_items():
        if value := item.attrs.get(attribute):
            lists[value][item.hash_key, item.range_key] = item
    return lists
