"""Global secondary indexes that are behind their table, as AWS's may be: set `seconds` to see what
code does that relies on more.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html (eventual consistency)
"""

import time
from collections import defaultdict
from typing import Any

from localcloud.kept_state.stored_tables.item_values import Key, put


class IndexLag:
    def __init__(self) -> None:
        self.seconds = 0.0
        self._changes: list[tuple[float, str, Key, Any]] = []

    def note(self, table: Any, key: Key, before: Any) -> None:
        """Remember the item that a write is about to replace: indexes show it for a while."""
        if self.seconds:
            self._changes.append((time.monotonic(), table.name, key, before))

    def as_indexes_see(self, table: Any) -> Any:
        """Return the table without the writes of the last `seconds`."""
        shown: Any = object.__new__(type(table))
        shown.__dict__.update(table.__dict__)
        shown.items = defaultdict(dict)
        for hash_key, item in table.items.items():
            shown.items[hash_key] = dict(item) if table.range_key_attr else item
        since = time.monotonic() - self.seconds
        self._changes = [change for change in self._changes if change[0] > since]
        for _, name, key, before in reversed(self._changes):
            if name == table.name:
                put(shown, key, before)
        return shown
