"""Orders of a table's items: that of its keys, and that of each index, as SQLite's own indexes.

SQLite keeps them by itself, in the transaction that writes an item. A query is right without them,
and slow.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from localcloud.kept_state.sqlite.database import Transaction
from localcloud.kept_state.sqlite.sort_keys import key_bytes

PREFIX = "order of "
_PLAIN = re.compile(r"[A-Za-z0-9_.:-]+")  # names that a JSON path takes in quotes


@dataclass(frozen=True)
class Part:
    """An attribute that items are sorted by."""

    attribute: str
    kind: str  # S, N or B
    place: int | None = None  # in the item's key; None for what is not part of it

    @cached_property
    def sql(self) -> str:
        source, name = ("item", self.attribute) if self.place is None else ("key", self.place)
        if self.kind == "S" and (self.place is not None or _PLAIN.fullmatch(self.attribute)):
            path = f"[{name}]" if self.place is not None else f'."{name}"'
            return f"json_extract({source}, '${path}.S')"
        return f"sort_key({source}, {_quoted(name) if isinstance(name, str) else name})"

    def value_of(self, value: Any) -> str | bytes | None:
        """Return what `sql` gives for moto's value. SQLite's texts of JSON end at a NUL."""
        if self.sql.startswith("sort_key"):
            return key_bytes({value.type: value.value})
        return str(value.value).partition("\0")[0]


@dataclass(frozen=True)
class Order:
    """The items of one table that have all of `needed`, sorted by `parts`."""

    name: str  # of SQLite's index
    table: str  # as the rows name it
    parts: tuple[Part, ...]

    @cached_property
    def where(self) -> str:
        needed = "".join(f" and {one.sql} is not null" for one in self.parts if one.place is None)
        return f'"table" = {_quoted(self.table)}{needed}'

    @cached_property
    def definition(self) -> str:
        """The statement that makes the index, as SQLite keeps it."""
        columns = ", ".join(one.sql for one in self.parts)
        return f'CREATE INDEX "{self.name}" on items ({columns}) where {self.where}'


@dataclass(frozen=True)
class Ending:
    """The items of one table with a time to live, by that time."""

    table: str
    attribute: str

    @property
    def name(self) -> str:
        return f"{PREFIX}{self.table} by its time to live"

    @property
    def seconds(self) -> str:
        return f"cast({self._text} as real)"

    @property
    def where(self) -> str:
        return f'"table" = {_quoted(self.table)} and {self._text} is not null'

    @property
    def _text(self) -> str:
        return f"""json_extract(item, '$."{self.attribute}".N')"""

    @property
    def definition(self) -> str:
        return f'CREATE INDEX "{self.name}" on items ({self.seconds}) where {self.where}'


def order_of(table: Any, row_name: str, index_name: str | None = None) -> Order | None:
    """Return the order that moto's Table.query answers in; None for one that has no such index.

    Indexes with several attributes to a key have none.
    """
    names = [table.hash_key_attr, table.range_key_attr]
    if index_name:
        index = {one.name: one for one in table.all_indexes()}.get(index_name)
        found = index and _index_names(table, index.schema)
        if not found:
            return None
        names = [*found, *names]
    kinds = {one["AttributeName"]: one["AttributeType"] for one in table.attr}
    keys = {table.hash_key_attr: 0, table.range_key_attr: 1}
    parts = [Part(name, kinds.get(name, "S"), keys.get(name)) for name in names if name]
    once = tuple(dict.fromkeys(parts))
    return Order(f"{PREFIX}{row_name} {index_name or ''}".strip(), row_name, once)


def ending_of(table: Any, row_name: str) -> Ending | None:
    """Return the time to live of a table's items; None if they live for ever."""
    attribute = table.ttl.get("AttributeName", "")
    if table.ttl["TimeToLiveStatus"] != "ENABLED" or not _PLAIN.fullmatch(attribute):
        return None
    return Ending(row_name, attribute)


def bring_up_to_date(rows: Transaction, tables: Iterable[tuple[Any, str]]) -> None:
    """Make the indexes of all tables, and drop the others. A table comes with its rows' name."""
    wanted = {one.name: one.definition for table, name in tables for one in _of(table, name)}
    there = rows.execute(
        "select name, sql from sqlite_master where type = 'index' and name like ?", [f"{PREFIX}%"]
    ).fetchall()
    for name, definition in there:
        if wanted.get(name) == definition:
            del wanted[name]
        else:
            rows.execute(f'drop index "{name}"', [])
    for definition in wanted.values():
        rows.execute(definition, [])


def _of(table: Any, name: str) -> Iterator[Order | Ending]:
    for index in (None, *(one.name for one in table.all_indexes())):
        if order := order_of(table, name, index):
            yield order
    if ending := ending_of(table, name):
        yield ending


def _index_names(table: Any, schema: list[dict[str, str]]) -> list[str] | None:
    """Return the attributes that an index sorts by, before the table's own."""
    hashes = [one["AttributeName"] for one in schema if one["KeyType"] == "HASH"]
    ranges = [one["AttributeName"] for one in schema if one["KeyType"] == "RANGE"]
    if len(hashes) != 1 or len(ranges) > 1:
        return None
    return [*hashes, *(ranges or [table.range_key_attr or table.hash_key_attr])]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
