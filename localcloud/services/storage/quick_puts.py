"""PutItem of a function, for an item that is new: it goes to the disk at once.

On its usual way such a request is written as JSON, signed, parsed, held against AWS's rules, parsed
again and copied, which takes 15 ms of processor time for a decision; here it takes 2. What is not
plainly right takes the usual way: an item that is there, a condition that moto has not yet parsed,
a value that a rule could refuse, a missing permission, a disk that fails. Writes that come at the
same time share a transaction, and each is on disk before its answer.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from localcloud.iam.authorization import Authorization, NotAuthorized
from localcloud.kept_state.durability import Kept
from localcloud.kept_state.sqlite.disk import NotStored
from localcloud.kept_state.sqlite.reading_pool import NotRead
from localcloud.kept_state.stored_tables.item_values import Key, key_of, key_text, text_of
from localcloud.ports.quick_calls import Usual, answered

ASKED = frozenset(
    {
        "TableName",
        "Item",
        "ConditionExpression",
        "ExpressionAttributeValues",
        "ReturnValuesOnConditionCheckFailure",
    }
)
NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,18})?")
ITEM_BYTES = 300_000  # DynamoDB's own limit is 400 KB, by another count
KEY_BYTES, DEPTH = 1024, 16  # DynamoDB's are 2048 of a partition key, and 32

Attributes = Mapping[str, Any]


@dataclass
class Write:
    """An item on its way into a table. `is_stored` is None until its transaction has ended."""

    table: Any
    key: Key
    text: str
    is_stored: bool | None = None


class QuickPuts:
    """Puts of new items into the tables of one account."""

    def __init__(self, kept: Kept, authorization: Authorization) -> None:
        self._kept = kept
        self._authorization = authorization
        self._known: set[tuple[str, str | None, frozenset[str]]] = set()
        self._waiting: list[Write] = []
        self._joining = threading.Lock()

    def put(self, client: Any, asked: Attributes, usual: Usual) -> Any:
        """Put an item, as a quick call."""
        if not asked.keys() <= ASKED:
            return usual()
        expression = _expression(asked)
        if expression in self._known and self._put(client.meta.region_name, asked):
            return answered({})
        answer = usual()
        self._known.add(expression)
        return answer

    def _put(self, region: str, asked: Attributes) -> bool:
        account = self._authorization.account
        table = dynamodb_backends[account][region].tables.get(asked["TableName"])
        if table is None or not _is_plain(asked["Item"], table):
            return False
        if not _holds_without_an_item(asked.get("ConditionExpression"), table):
            return False
        try:
            self._authorization.require("dynamodb:PutItem", table.table_arn)
        except NotAuthorized:
            return False
        write = _write(table, asked["Item"])
        with self._joining:
            self._waiting.append(write)
        with self._kept.items:  # whoever has it stores all that came meanwhile
            if write.is_stored is None:
                with self._joining:
                    together, self._waiting = self._waiting, []
                self._store(together)
        return bool(write.is_stored)

    def _store(self, writes: list[Write]) -> None:
        new: dict[tuple[str, Key], Write] = {}
        try:
            for write in writes:
                place = (write.table.name, write.key)
                write.is_stored = place not in new and not write.table.items.has(*write.key)
                if write.is_stored:
                    new[place] = write
            with self._kept.writing() as rows:
                for write in new.values():
                    self._kept.index_lag.note(write.table, write.key, None)
                    rows.put_item(write.table.items.name, key_text(write.key), write.text)
                    if write.table.stream_shard is not None:
                        self._kept.item_changed(rows, write.table, write.key, None, write.text)
        except (NotStored, NotRead):
            for write in writes:
                write.is_stored = False


def _expression(asked: Attributes) -> tuple[str, str | None, frozenset[str]]:
    """Return what moto parses of a request, and refuses if it is wrong."""
    values = frozenset(asked.get("ExpressionAttributeValues", ()))
    return asked.get("TableName", ""), asked.get("ConditionExpression"), values


def _holds_without_an_item(condition: str | None, table: Any) -> bool:
    names = (table.hash_key_attr, table.range_key_attr)
    starts = tuple(f"attribute_not_exists({name})" for name in names if name)
    if condition is None:
        return True
    return condition in starts or condition.startswith(tuple(f"{one} OR " for one in starts))


def _is_plain(item: Attributes, table: Any) -> bool:
    """Return whether no rule of DynamoDB could refuse the item."""
    keys = {table.hash_key_attr, table.range_key_attr} - {None}
    of_indexes = {part["AttributeName"] for one in table.indexes for part in one.schema}
    if not keys <= item.keys() or not all(map(_is_key, (item[name] for name in keys))):
        return False
    if not all(_is_key(item[name]) for name in of_indexes & item.keys()):
        return False
    return 0 < sum(len(name) + _size(value, DEPTH) for name, value in item.items()) < ITEM_BYTES


def _is_key(value: Any) -> bool:
    text = value.get("S") if isinstance(value, dict) else None
    return isinstance(text, str) and 0 < len(text.encode()) <= KEY_BYTES


def _size(value: Any, depth: int) -> int:
    """Return about how many bytes a value takes: ITEM_BYTES for one that is not plain."""
    if type(value) is not dict or len(value) != 1 or not depth:
        return ITEM_BYTES
    ((kind, inner),) = value.items()
    if kind == "S" and type(inner) is str:
        return 4 * len(inner)
    if kind == "N" and type(inner) is str and NUMBER.fullmatch(inner):
        return len(inner)
    if kind == "M" and type(inner) is dict:
        return sum(3 + 4 * len(name) + _size(one, depth - 1) for name, one in inner.items()) + 3
    if kind == "L" and type(inner) is list:
        return sum(1 + _size(one, depth - 1) for one in inner) + 3
    return 1 if (kind == "BOOL" and type(inner) is bool) or value == {"NULL": True} else ITEM_BYTES


def _write(table: Any, attributes: Attributes) -> Write:
    return Write(table, key_of(table, dict(attributes)), text_of(attributes))
