"""Where requests pass on their way to moto: each is kept before its answer is given."""

import html
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlparse

from localcloud.durability import Kept

_WHOLE_TABLE = ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction", "ImportTable")
_SUBSCRIBING = ("Subscribe", "Unsubscribe", "SetSubscriptionAttributes", "ConfirmSubscription")


def dynamodb(kept: Kept) -> Callable[[Any], Any]:
    """For moto's DynamoHandler.call_action."""

    def replace(original: Any) -> Any:
        def call_action(self: Any) -> Any:
            with kept.dynamodb:
                answer = original(self)
                if answer[0] == 200 and kept.is_open:
                    _keep_items(kept, self)
            return answer

        return call_action

    return replace


def _keep_items(kept: Kept, request: Any) -> None:
    action, backend = request._get_action(), request.dynamodb_backend
    if action in _WHOLE_TABLE:
        for name in list(backend.tables):
            kept.keep_table(name)
    elif action == "DeleteTable":
        kept.keep_table(request.params["TableName"].rpartition("/")[2])
    elif touched := list(_touched_items(action, request.params)):
        kept.keep_items(touched)


def _touched_items(  # noqa: C901 - a case an action
    action: str, body: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(table, attributes that hold the key) of everything a request wrote."""
    if action == "PutItem":
        yield body["TableName"], body["Item"]
    elif action in ("UpdateItem", "DeleteItem"):
        yield body["TableName"], body["Key"]
    elif action == "BatchWriteItem":
        for table, requests in body["RequestItems"].items():
            for request in requests:
                put, delete = request.get("PutRequest"), request.get("DeleteRequest")
                yield table, put["Item"] if put else delete["Key"]
    elif action == "TransactWriteItems":
        for operation in body["TransactItems"]:
            for kind in operation.keys() - {"ConditionCheck"}:
                one = operation[kind]
                yield one["TableName"], one["Item"] if kind == "Put" else one["Key"]


def sagemaker(kept: Kept) -> Callable[[Any], Any]:
    """For the call_action that moto's SageMakerResponse inherits."""

    def replace(original: Any) -> Any:
        def call_action(self: Any) -> Any:
            answer = original(self)
            if answer[0] == 200 and not self._get_action().startswith(("Describe", "List")):
                kept.keep_sagemaker()
            return answer

        return call_action

    return replace


def sns(kept: Kept) -> Callable[[Any], Any]:
    """For the call_action that moto's SNSResponse inherits."""

    def replace(original: Any) -> Any:
        def call_action(self: Any) -> Any:
            answer = original(self)
            if answer[0] == 200 and self._get_action() in _SUBSCRIBING:
                kept.keep_subscriptions()
            return answer

        return call_action

    return replace


class ObjectEvents:
    """S3's notifications, held back until the request that caused them is done and kept."""

    def __init__(self) -> None:
        self._of_this_thread = threading.local()

    def held_back(self, original: Any) -> Any:
        """For moto's s3.notifications.send_event."""

        def send_event(account_id: str, event_name: str, bucket: Any, key: Any) -> None:
            waiting = getattr(self._of_this_thread, "waiting", None)
            if waiting is None:
                original(account_id, event_name, bucket, key)
            else:
                # the end of a multipart upload is two events in moto and one in AWS: the last
                kind = event_name.split(":")[1]
                waiting[bucket.name, key.name, kind] = lambda: original(
                    account_id, event_name, bucket, key
                )

        return send_event

    @contextmanager
    def after(self) -> Iterator[None]:
        waiting: dict[tuple[str, str, str], Callable[[], None]] = {}
        self._of_this_thread.waiting = waiting
        try:
            yield
        finally:
            self._of_this_thread.waiting = None
        for send in waiting.values():
            send()


def s3_key(kept: Kept, events: ObjectEvents) -> Callable[[Any], Any]:
    """For moto's S3Response.key_response."""

    def replace(original: Any) -> Any:
        def key_response(self: Any, request: Any, full_url: str, headers: Any) -> Any:
            with events.after():
                answer = original(self, request, full_url, headers)
                if kept.is_open and answer[0] < 300 and _changes_the_object(request, full_url):
                    bucket = self.parse_bucket_name_from_url(request, full_url)
                    kept.keep_objects(bucket, [self.parse_key_name()])
            return answer

        return key_response

    return replace


def s3_bucket(kept: Kept, events: ObjectEvents) -> Callable[[Any], Any]:
    """For moto's S3Response.bucket_response: many keys deleted at once, or a browser's form."""

    def replace(original: Any) -> Any:
        def bucket_response(self: Any, request: Any, full_url: str, headers: Any) -> Any:
            with events.after():
                answer = original(self, request, full_url, headers)
                if kept.is_open and answer[0] < 300:
                    bucket = self.parse_bucket_name_from_url(request, full_url)
                    if request.method == "POST":
                        kept.keep_objects(bucket, _keys_named(self))
                    elif request.method == "DELETE" and not urlparse(full_url).query:
                        kept.forget_bucket(bucket)
            return answer

        return bucket_response

    return replace


def _changes_the_object(request: Any, full_url: str) -> bool:
    if request.method not in ("PUT", "POST", "DELETE"):
        return False
    is_part = request.method == "PUT" and "partNumber" in parse_qs(urlparse(full_url).query)
    return not is_part


def _keys_named(request: Any) -> list[str]:
    if "key" in request.form_data:
        return [request.form_data["key"]]
    body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
    return [html.unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", body, re.DOTALL)]
