"""Reads of DynamoDB's tables, beside the writers: none waits for a write to reach the disk."""

import threading
from collections.abc import Callable
from typing import Any

from localcloud.kept_state.memory.index_items import Asked, items_with
from localcloud.kept_state.memory.index_lag import IndexLag
from localcloud.kept_state.memory.staged_items import put


def while_nothing_is_published(reading: threading.RLock) -> Callable[[Any], Any]:
    """Replace the methods of moto's Table that go through its items."""

    def replace(original: Any) -> Any:
        def read(self: Any, *args: Any, **kwargs: Any) -> Any:
            with reading:
                return original(self, *args, **kwargs)

        return read

    return replace


def of_one_hash_key(reading: threading.RLock, lag: IndexLag) -> Callable[[Any], Any]:
    """Replace moto's Table.query.

    The query sees a table with the items of that key only, of the table or an index, and indexes
    that may lag.
    """

    def replace(original: Any) -> Any:
        def query(
            self: Any, hash_key: Any, *args: Any, index_name: str | None = None, **more: Any
        ) -> Any:
            # its parameters before the index: a comparison, values, limit, start, order, projection
            named = index_name or (args[6] if len(args) > 6 else None)
            if named and lag.seconds:
                with reading:
                    shown = lag.as_indexes_see(self, put)
                return original(shown, hash_key, *args, **_given(index_name), **more)
            (attribute, value), *_ = more.get("hash_key_conditions") or [("", None)]
            if not attribute if named else not self.range_key_attr:
                return original(self, hash_key, *args, **_given(index_name), **more)
            narrow: Any = object.__new__(type(self))
            narrow.__dict__.update(self.__dict__)
            with reading:
                narrow.items = (
                    items_with(self, attribute, value, _asked(args, more))
                    if named
                    else {hash_key: dict(self.items.get(hash_key, {}))}
                )
            return original(narrow, hash_key, *args, **_given(index_name), **more)

        return query

    return replace


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


def forgotten_when_unused(original: Any) -> Any:
    """Replace moto's Item.__new__."""

    def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
        return object.__new__(cls)

    return new


def _asked(args: tuple[Any, ...], more: dict[str, Any]) -> Asked | None:
    """Return the first items that a query of an index asks for; None: it has no such bounds."""
    ranges = more.get("range_key_conditions") or []
    _, _, limit, start, forward, *_ = args
    if start or not limit or len(ranges) != 1 or len(more["hash_key_conditions"]) != 1:
        return None
    attribute, comparison, values = ranges[0]
    return Asked(attribute, comparison, values, limit, newest_first=forward is False)


def _given(index_name: str | None) -> dict[str, str]:
    return {"index_name": index_name} if index_name else {}
