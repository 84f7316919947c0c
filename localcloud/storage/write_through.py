"""Request interceptors: a write is on disk before moto's memory has it, and before its answer."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult

from localcloud.kept_state.disk import NotStored
from localcloud.kept_state.durability import Kept
from localcloud.kept_state.restored import SAGEMAKER
from localcloud.kept_state.staged_items import StagedItems, table_named
from localcloud.storage.undo import Undo, strings_in

_ITEMS = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")
_STATEMENTS = ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction")
_SUBSCRIBING = ("Subscribe", "Unsubscribe", "SetSubscriptionAttributes", "ConfirmSubscription")
_PARAMETERS = ("PutParameter", "DeleteParameter", "DeleteParameters")

# AWS's own codes for a fault of the service; their clients try again by them.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_FAULT = "ServiceUnavailable"
_FAULTS = {
    "dynamodb": "InternalServerError",
    "s3": _FAULT,
    "sns": "InternalError",
    "ssm": "InternalServerError",
}


class Unstored(ServiceException):
    """The fault of a write that was not stored. It is not one of moto's, which are looked up in
    their module.
    """


Wrapped = Callable[[Any], Any]


def answered_as_a_fault(original: Any) -> Any:
    """Replace the call_action of moto's BaseResponse: a write not stored is the service's fault."""

    def call_action(self: Any) -> Any:
        try:
            return original(self)
        except NotStored:
            return fault(self)

    return call_action


def dynamodb(kept: Kept) -> Wrapped:
    """Replace moto's DynamoHandler.call_action. Reads take no lock here."""

    def replace(original: Any) -> Any:
        def call_action(self: Any) -> Any:
            action = self._get_action()
            if action not in (*_ITEMS, *_STATEMENTS, "DeleteTable"):
                return original(self)
            try:
                with kept.items:
                    if action == "DeleteTable":
                        return _without_the_table(kept, self, original)
                    return _staged_items(kept, self, original)
            except NotStored:
                return fault(self)

        return call_action

    return replace


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
            staged.write(rows)
            rows.afterwards(lambda: staged.publish(kept.reading, kept.index_lag))
    return answer


def _without_the_table(kept: Kept, request: Any, original: Any) -> Any:
    table = table_named(request.dynamodb_backend, request.params.get("TableName", ""))
    if table and not table.deletion_protection_enabled:
        with kept.writing() as rows:
            rows.execute('delete from items where "table" = ?', [table.name])
    return original(request)


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


def sagemaker(kept: Kept) -> Wrapped:
    """Replace the call_action that moto's SageMakerResponse inherits."""
    reads = ("Describe", "List", "Search", "Query")

    def remember(request: Any, undo: Undo) -> None:
        backend, named = request.sagemaker_backend, set(strings_in(request.params))
        undo.remember([getattr(backend, name) for name in SAGEMAKER], named)

    return _recorded(
        kept, lambda action: not action.startswith(reads), kept.keep_sagemaker, remember
    )


def sns(kept: Kept) -> Wrapped:
    """Replace the call_action that moto's SNSResponse inherits."""
    return _recorded(
        kept,
        lambda action: action in _SUBSCRIBING,
        kept.keep_subscriptions,
        lambda request, undo: undo.remember([request.backend.subscriptions]),
    )


def ssm(kept: Kept) -> Wrapped:
    """Replace the call_action that moto's SimpleSystemManagerResponse inherits."""
    return _recorded(
        kept,
        lambda action: action in _PARAMETERS,
        kept.keep_parameters,
        lambda request, undo: undo.remember([request.ssm_backend._parameters]),
    )


def start_execution(kept: Kept) -> Wrapped:
    """Replace moto's StepFunctionResponse.start_execution."""

    def replace(original: Any) -> Any:
        def start(self: Any) -> Any:
            kept.keep_executions()
            return original(self)

        return start

    return replace


def _recorded(
    kept: Kept,
    writes: Callable[[str], bool],
    keep: Callable[[], None],
    remember: Callable[[Any, Undo], None],
) -> Wrapped:
    """Write the whole record of a service, its events included, in one transaction.

    Writing the record as it stands comes first: a request that can't be kept is not begun. If the
    commit fails, moto's memory is put back, and what waits for the commit, as a job's process does,
    never starts. One request at a time: moto takes no lock around a check and its change, and two
    updates of one endpoint would both be accepted.
    """
    turn = threading.RLock()

    def replace(original: Any) -> Any:
        def call_action(self: Any) -> Any:
            if not writes(self._get_action()):
                return original(self)
            try:
                with turn, Undo() as undo, kept.writing():
                    remember(self, undo)
                    keep()
                    answer = _carried_out(original, self)
                    keep()
            except NotStored:
                return fault(self)
            except _Refused as refused:
                return refused.answer
            return answer

        return call_action

    return replace


def _carried_out(original: Any, request: Any) -> Any:
    answer = original(request)
    if answer[0] != 200:
        raise _Refused(answer)
    return answer


class _Refused(Exception):
    """The answer of a service that did not do what a request asks."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer


@contextmanager
def reaching(request: Any, backend: Any) -> Iterator[None]:
    """Let a request use a staged backend."""
    request.staged = backend
    try:
        yield
    finally:
        request.staged = None


def fault(request: Any) -> Any:
    """Return the service's answer to a write that failed, in its protocol."""
    service = request.boto3_service_name
    told = "The disk takes no writes; nothing was stored."
    if service in _FAULTS:
        status, headers, body = request.serialized(ActionResult(Unstored(_FAULTS[service], told)))
        status = 503 if service == "s3" else 500
    else:
        status, headers = 503, {"X-Amzn-Errortype": _FAULT, "Content-Type": "application/json"}
        body = json.dumps({"__type": _FAULT, "message": told})
    return status, headers | {"status": status}, body
