"""Request interceptors: a write is on disk before any reader has it, and before its answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from localcloud.kept_state.durability import Kept
from localcloud.kept_state.sqlite.disk import NotStored
from localcloud.kept_state.sqlite.reading_pool import NotRead
from localcloud.kept_state.stored_tables.staged_items import StagedItems
from localcloud.kept_state.stored_tables.stored_items import StoredItems
from localcloud.services.storage.recorded import recorded
from localcloud.services.storage.undo import Undo, strings_in
from localcloud.services.storage.unstored import UNREAD, Wrapped, fault

_ITEMS = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")
_TABLES = (
    "CreateTable",
    "UpdateTable",
    "DeleteTable",
    "UpdateTimeToLive",
    "UpdateContinuousBackups",
    "RestoreTableToPointInTime",
    "RestoreTableFromBackup",
    "ImportTable",
    "TagResource",
    "UntagResource",
)
_STATEMENTS = ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction")


def dynamodb(kept: Kept) -> Wrapped:
    """Replace moto's DynamoHandler.call_action. Reads take no lock here."""
    tables = recorded(kept, lambda action: action in _TABLES, kept.keep_tables, _remember_tables)

    def replace(original: Any) -> Any:
        with_tables = tables(lambda request: _table_changed(kept, request, original))

        def call_action(self: Any) -> Any:
            action = self._get_action()
            try:
                if action not in (*_ITEMS, *_STATEMENTS, *_TABLES):
                    return original(self)
                with kept.items:
                    if action in _TABLES:
                        return with_tables(self)
                    return _staged_items(kept, self, original)
            except NotStored:
                return fault(self)
            except NotRead:
                return fault(self, UNREAD)

        return call_action

    return replace


def _remember_tables(request: Any, undo: Undo) -> None:
    undo.remember([request.dynamodb_backend.tables], set(strings_in(request.params)))


def staged_or_real(original: Any) -> Any:
    """Replace the property by which a moto handler reaches its backend."""
    return property(lambda self: vars(self).get("staged") or original.fget(self))


def _staged_items(kept: Kept, request: Any, original: Any) -> Any:
    action, real = request._get_action(), request.dynamodb_backend
    body = real.tables if action in _STATEMENTS else request.params
    staged = StagedItems(real, _touched_items(action, body))
    with reaching(request, staged.backend):
        answer = original(request)
    if answer[0] == 200:
        with kept.writing() as rows:
            kept.keep_homes()
            staged.write(rows, kept.item_changed, kept.index_lag)
    return answer


def _table_changed(kept: Kept, request: Any, original: Any) -> Any:
    """Carry out a request for a table. Items that come with a new one go to the disk."""
    answer = original(request)
    for table in request.dynamodb_backend.tables.values():
        if not isinstance(table.items, StoredItems):
            copied, table.items = table.items, kept.items_of(table)
            table.items.update(copied)
    return answer


def _touched_items(  # noqa: C901 - a case an action
    action: str, body: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (table, key attributes) of each item that a request reads in order to write."""
    if action in _STATEMENTS:  # they do not name what they touch
        for name, table in body.items():
            for item in table.all_items():
                yield name, item.to_json()["Attributes"]
    elif action == "PutItem":
        yield body["TableName"], body["Item"]
    elif action in ("UpdateItem", "DeleteItem"):
        yield body["TableName"], body["Key"]
    elif action == "BatchWriteItem":
        for table, requests in body["RequestItems"].items():
            for request in requests:
                put, delete = request.get("PutRequest"), request.get("DeleteRequest")
                yield table, put["Item"] if put else delete["Key"]
    else:
        for operation in body["TransactItems"]:
            for kind, one in operation.items():
                yield one["TableName"], one["Item"] if kind == "Put" else one["Key"]


def start_execution(kept: Kept) -> Wrapped:
    """Replace moto's StepFunctionResponse.start_execution."""

    def replace(original: Any) -> Any:
        def start(self: Any) -> Any:
            kept.keep_executions()
            return original(self)

        return start

    return replace


@contextmanager
def reaching(request: Any, backend: Any) -> Iterator[None]:
    """Let a request use a staged backend."""
    request.staged = backend
    try:
        yield
    finally:
        request.staged = None
