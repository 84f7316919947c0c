"""Rows of items, read from the file: one by its key, or in an order, a page at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from localcloud.kept_state.sqlite.layout import checksum
from localcloud.kept_state.sqlite.reading_pool import Readers
from localcloud.kept_state.stored_tables.orders import Ending, Order

PAGE_ROWS = 64  # of decisions about half a megabyte


@dataclass(frozen=True)
class Wanted:
    """Bounds of reading in an order. Those of the range are inclusive; SQL's values all.

    `after` has a value for each part that is not the hash's, or for each part without a hash.
    """

    order: Order
    hash: Any = None
    low: Any = None
    high: Any = None
    after: Sequence[Any] = ()
    forward: bool = True
    first_page: int = PAGE_ROWS


class Row(NamedTuple):
    """An item's key and its attributes, as JSON."""

    key: str
    item: str


class ItemRows:
    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def get(self, table: str, key: str) -> str | None:
        """Return the JSON of an item; None if it is not there. Raises NotRead."""
        sql = 'select item, crc from items where "table" = ? and key = ?'
        found = self._readers.rows(sql, [table, key])
        if not found:
            return None
        self._check(table, key, *found[0])
        return str(found[0][0])

    def has(self, table: str, key: str) -> bool:
        sql = 'select 1 from items where "table" = ? and key = ?'
        return bool(self._readers.rows(sql, [table, key]))

    def count(self, order: Order) -> int:
        found = self._by_index(order, "count(*)", f"where {order.where}", [])
        return int(found[0][0])

    def tables(self) -> Iterator[str]:
        """Yield each table that has items. No item is read."""
        sql = 'select min("table") from items where "table" > ?'
        name = self._readers.rows(sql, [""])[0][0]
        while name is not None:
            yield name
            name = self._readers.rows(sql, [name])[0][0]

    def count_of(self, table: str) -> int:
        """Return how many items a table has, by looking at each."""
        sql = 'select count(*) from items where "table" = ?'
        return int(self._readers.rows(sql, [table])[0][0])

    def expired(self, ending: Ending, oldest: float, now: float) -> Iterator[Row]:
        """Yield the items with a time to live between two moments, a page at a time."""
        after: tuple[Any, ...] = (oldest, "")
        shown = f"key, item, crc, {ending.seconds}"
        later = f"({ending.seconds}, key) > (?, ?) and {ending.seconds} between ? and ?"
        ordered = f"order by {ending.seconds}, key limit {PAGE_ROWS}"
        while True:
            rest = f"where {ending.where} and {later} {ordered}"
            found = self._by_index(ending, shown, rest, [*after, after[0], now])
            yield from self._rows(ending.table, found)
            if len(found) < PAGE_ROWS:
                return
            after = (found[-1][3], found[-1][0])

    def pages(self, wanted: Wanted) -> Iterator[Row]:
        """Yield rows in an order, page by page: a row that is written meanwhile may be among them.

        Raises NotRead.
        """
        after, page = tuple(wanted.after), min(wanted.first_page, PAGE_ROWS)
        columns = [part.sql for part in wanted.order.parts[0 if wanted.hash is None else 1 :]]
        shown = ", ".join(["key", "item", "crc", *columns])
        while True:
            rest, values = _page(wanted, columns, after, page)
            found = self._by_index(wanted.order, shown, rest, values)
            yield from self._rows(wanted.order.table, found)
            if len(found) < page or not columns:
                return
            after, page = found[-1][3:], PAGE_ROWS

    def _by_index(
        self, index: Order | Ending, shown: str, rest: str, values: Sequence[Any]
    ) -> list[Any]:
        """Return the rows of a query by its index; without it, if there is none yet."""
        there = "select 1 from sqlite_master where type = 'index' and name = ?"
        hint = f'indexed by "{index.name}"' if self._readers.rows(there, [index.name]) else ""
        sql = f"select {shown} from items {hint} {rest}"  # noqa: S608 - of our own texts
        return self._readers.rows(sql, values)

    def _rows(self, table: str, found: list[Any]) -> Iterator[Row]:
        for key, item, crc, *_ in found:
            self._check(table, key, item, crc)
            yield Row(key, item)

    def _check(self, table: str, key: str, item: Any, crc: Any) -> None:
        if crc != checksum((table, key, item)):
            raise self._readers.fault(f"an item of {table} is not as it was written")


def _page(
    wanted: Wanted, columns: Sequence[str], after: Sequence[Any], page: int
) -> tuple[str, list[Any]]:
    """Return what follows the table's name, and its values."""
    up, down = (">", "<") if wanted.forward else ("<", ">")
    start, end = (wanted.low, wanted.high) if wanted.forward else (wanted.high, wanted.low)
    bounds = [
        (f"{wanted.order.parts[0].sql} = ?", wanted.hash),
        # What comes after a row is further on than the bound where reading starts.
        (f"{columns[0]} {up}= ?" if columns else "", after[0] if after else start),
        (f"{columns[0]} {down}= ?" if columns else "", end),
    ]
    asked = [(condition, value) for condition, value in bounds if value is not None]
    conditions = [wanted.order.where, *(condition for condition, _ in asked)]
    values = [value for _, value in asked]
    if after:
        condition, more = _beyond(columns, after, up)
        conditions.append(condition)
        values += more
    way = "" if wanted.forward else " desc"
    by = ", ".join(f"{column}{way}" for column in columns)
    ordered = f"order by {by} " if by else ""
    return f"where {' and '.join(conditions)} {ordered}limit {page}", values


def _beyond(columns: Sequence[str], after: Sequence[Any], up: str) -> tuple[str, list[Any]]:
    """Return the condition for rows that come later than one, and its values."""
    column, value = columns[0], after[0]
    if len(columns) == 1:
        return f"{column} {up} ?", [value]
    rest, values = _beyond(columns[1:], after[1:], up)
    return f"({column} {up} ? or ({column} = ? and {rest}))", [value, value, *values]
