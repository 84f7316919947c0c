"""Reads of DynamoDB's tables, beside the writers: none waits for a write to reach the disk."""

import threading
from collections.abc import Callable
from typing import Any

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

    The query sees a table with the items of that key only, and indexes that may lag.
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
            if named or not self.range_key_attr:
                return original(self, hash_key, *args, **_given(index_name), **more)
            narrow: Any = object.__new__(type(self))
            narrow.__dict__.update(self.__dict__)
            with reading:
                narrow.items = {hash_key: dict(self.items.get(hash_key, {}))}
            return original(narrow, hash_key, *args, **_given(index_name), **more)

        return query

    return replace


def forgotten_when_unused(original: Any) -> Any:
    """Replace moto's Item.__new__."""

    def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
        return object.__new__(cls)

    return new


def _given(index_name: str | None) -> dict[str, str]:
    return {"index_name": index_name} if index_name else {}
