"""Streams of tables, as Lambda reads them: each record goes to disk with its item.

Nothing else reads a stream here: GetRecords returns none.
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

import json
import logging
import threading
import time
from collections import deque
from functools import partial
from typing import Any

import msgspec

from localcloud.activity import Activity
from localcloud.iam.authorization import as_operator
from localcloud.kept_state.durability import Kept
from localcloud.kept_state.sqlite.database import Transaction
from localcloud.kept_state.stored_tables.item_values import Key, encoded
from localcloud.services.event_sources.mappings import (
    FAILED_WAITS_SECONDS,
    Mappings,
    name_of,
    wants,
)
from localcloud.services.lambda_.concurrency import Throttled
from localcloud.services.lambda_.functions import Functions

log = logging.getLogger("localcloud")

TARGET = "stream#"  # before the function's name, among the events on disk
SECONDS_BETWEEN_LOOKS = 0.2  # at a mapping that is disabled
# A window's records come in parts, spread over a share of the next window: who asks meanwhile waits
# for the interpreter's lock. With BEHIND batches waiting they come at once: no reader falls back.
RECORDS_AT_ONCE, SPREAD, BEHIND = 5, 0.5, 2
_READING = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")


class TableStreams:
    """The records that functions have not handled, a reader a function."""

    def __init__(
        self, mappings: Mappings, functions: Functions, activity: Activity, kept: Kept
    ) -> None:
        self._mappings = mappings
        self._functions = functions
        self._activity = activity
        self._kept = kept
        self._readers: dict[str, _Reader] = {}
        self._turn = threading.Lock()
        self._closed = threading.Event()

    def changed(
        self, rows: Transaction, table: Any, key: Key, before: Any, after: str | None
    ) -> None:
        """Put a change of an item into its transaction, for each function that reads the stream.

        `before` is moto's item, `after` the JSON of the attributes.
        """
        for mapping in self._mappings.of_source(table.table_arn):
            payload = _record(table, key, before, after, mapping.event_source_arn).encode()
            target = f"{TARGET}{name_of(mapping)}"
            number = rows.add_event(target, payload)
            rows.afterwards(partial(self.deliver_again, number, target, payload))

    def deliver_again(self, number: int, target: str, payload: bytes) -> None:
        """Give a record that is on disk to its reader."""
        name = target.removeprefix(TARGET)
        with self._turn:
            if self._closed.is_set():
                return
            self._activity.begin(target)
            if name not in self._readers:
                self._readers[name] = _Reader(name, self)
            self._readers[name].add(number, payload)

    def close(self) -> None:
        with self._turn:
            self._closed.set()
        for reader in self._readers.values():
            reader.thread.join()

    def handle(self, name: str, records: list[tuple[int, bytes]]) -> bool:
        """Invoke a function with the records that it wants. Return whether they are handled."""
        mapping = self._mappings.of_function(name, "dynamodb")
        function = self._functions.find(name)
        if mapping is None or function is None:
            return False
        found = [msgspec.json.decode(payload) for _, payload in records]
        wanted = [record for record in found if wants(mapping, record)]
        if wanted:
            self._functions.note_reading(function, _READING, mapping.event_source_arn)
            self._functions.note_reading(function, ["dynamodb:ListStreams"], "*")
            try:
                if self._functions.invoke_with(function, {"Records": wanted}).failed:
                    return False
            except Throttled:
                return False
        self._kept.eventually(lambda: self._forget([number for number, _ in records]))
        for _ in records:
            self._activity.end(f"{TARGET}{name}")
        return True

    def window_of(self, name: str) -> tuple[int, float]:
        """Return how many records a function gets at once, and how long it waits for them."""
        mapping = self._mappings.of_function(name, "dynamodb")
        if mapping is None:
            return 1, SECONDS_BETWEEN_LOOKS
        return mapping.batch_size, float(mapping.max_batch_window or 0)

    def _forget(self, numbers: list[int]) -> None:
        with self._kept.writing() as rows:
            for number in numbers:
                rows.execute("delete from events where id = ?", [number])

    @property
    def closed(self) -> threading.Event:
        return self._closed


class _Reader:
    """The records of one function in their order: a batch that fails is sent again."""

    def __init__(self, name: str, streams: TableStreams) -> None:
        self._name = name
        self._streams = streams
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._come = threading.Event()
        self.thread = threading.Thread(target=self._read, name=f"stream of {name}", daemon=True)
        with as_operator():  # a thread acts under the role of the one that starts it
            self.thread.start()

    def add(self, number: int, payload: bytes) -> None:
        self._waiting.append((number, payload))
        self._come.set()

    def _read(self) -> None:
        wait, longest = FAILED_WAITS_SECONDS
        while not self._streams.closed.is_set():
            if not self._come.wait(SECONDS_BETWEEN_LOOKS):
                continue
            if self._handled(*self._batch()):
                wait = FAILED_WAITS_SECONDS[0]
                self._come.clear()
                if self._waiting:
                    self._come.set()
            elif not self._streams.closed.wait(wait):
                wait = min(2 * wait, longest)

    def _batch(self) -> tuple[list[tuple[int, bytes]], float]:
        """Return the oldest records, as many as fit or came within the batching window, and the
        seconds over which to spread them.
        """
        most, seconds = self._streams.window_of(self._name)
        until = time.monotonic() + seconds
        while len(self._waiting) < most and time.monotonic() < until:
            self._streams.closed.wait(min(SECONDS_BETWEEN_LOOKS, seconds))
        batch = [self._waiting[n] for n in range(min(most, len(self._waiting)))]
        return batch, 0.0 if len(self._waiting) >= BEHIND * most else SPREAD * seconds

    def _handled(self, batch: list[tuple[int, bytes]], seconds: float) -> bool:
        """Hand the records over. Return whether the function handled them all; a part that takes
        long has no rest after it.
        """
        size = RECORDS_AT_ONCE if seconds else max(len(batch), 1)
        began = time.monotonic()
        for first in range(0, len(batch), size):
            due = began + seconds * first / len(batch)
            self._streams.closed.wait(max(0.0, due - time.monotonic()))
            part = batch[first : first + size]
            if not self._streams.handle(self._name, part):
                return False
            for _ in part:
                self._waiting.popleft()
        return True


def _record(table: Any, key: Key, before: Any, after: str | None, source: str) -> str:
    """Return the record that Lambda gets of a change."""
    view = table.stream_specification["StreamViewType"]
    names = (table.hash_key_attr, table.range_key_attr)
    keys = {name: part.to_json() for name, part in zip(names, key, strict=True) if name and part}
    kind = "INSERT" if before is None else "REMOVE" if after is None else "MODIFY"
    about: dict[str, Any] = {
        "ApproximateCreationDateTime": int(time.time()),
        "Keys": keys,
        "SequenceNumber": str(time.time_ns()),
        "StreamViewType": view,
    }
    if before is not None and view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
        about["OldImage"] = before.to_json()["Attributes"]
    record = {
        "eventID": f"{time.time_ns():032x}",
        "eventName": kind,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": table.region_name,
        "eventSourceARN": source,
    }
    about_text = json.dumps(about, default=encoded)
    if after is not None and view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):  # it is JSON already
        about_text = f'{about_text[:-1]}, "NewImage": {after}}}'
    return f'{json.dumps(record)[:-1]}, "dynamodb": {about_text}}}'


def unread(_original: Any) -> Any:
    """Replace moto's StreamShard.add, which keeps every record in memory for ever."""

    def add(self: Any, old: Any, new: Any) -> None:
        """Keep nothing: Lambda's records are on disk."""

    return add
