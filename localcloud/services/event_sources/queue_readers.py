"""Readers of queues: Lambda polls a queue, and deletes what the function handled.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

import json
import threading
from typing import Any

from moto.sqs.models import sqs_backends

from localcloud.activity import Activity
from localcloud.iam.authorization import as_operator
from localcloud.ports.reused_threads import begin
from localcloud.services.event_sources.mappings import Mappings, name_of, wants
from localcloud.services.event_sources.receives import waiting
from localcloud.services.lambda_.concurrency import Throttled
from localcloud.services.lambda_.functions import Function, Functions

SECONDS_BETWEEN_LOOKS = 0.1
_READING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


class QueueReaders:
    """The readers, a thread a function, and the invocations that run."""

    def __init__(
        self,
        account: str,
        region: str,
        mappings: Mappings,
        functions: Functions,
        activity: Activity,
    ) -> None:
        self._account = account
        self._region = region
        self._mappings = mappings
        self._functions = functions
        self._activity = activity
        self._threads: dict[str, threading.Thread] = {}
        self._handling: set[str] = set()  # the receipts of messages that functions have
        self._changed = threading.Condition()
        self._closed = threading.Event()

    def start(self, mapping: Any) -> None:
        """Read a mapping's queue from now on."""
        name = name_of(mapping)
        if ":sqs:" not in mapping.event_source_arn or name in self._threads:
            return
        thread = threading.Thread(target=self._read, args=[name], name=f"queue of {name}")
        thread.daemon = True
        self._threads[name] = thread
        with as_operator():  # a thread acts under the role of the one that starts it
            thread.start()

    def close(self) -> None:
        self._closed.set()
        for thread in self._threads.values():
            thread.join()
        with self._changed:
            self._changed.wait_for(lambda: not self._handling)

    def _read(self, name: str) -> None:
        while not self._closed.wait(SECONDS_BETWEEN_LOOKS):
            mapping = self._mappings.of_function(name, "sqs")
            function = self._functions.find(name)
            while mapping and function and not self._closed.is_set():
                queue = self._waiting_in(mapping)
                if queue is None:
                    break
                self._hand_over(queue, mapping, function)

    def _waiting_in(self, mapping: Any) -> Any:
        """Return the mapping's queue if it has a message that is visible, else None."""
        queues = sqs_backends[self._account][self._region].queues
        queue = queues.get(mapping.event_source_arn.rpartition(":")[2])
        return queue if queue and waiting(queue) else None

    def _hand_over(self, queue: Any, mapping: Any, function: Function) -> None:
        """Hand the next messages over, once fewer invocations run than the mapping allows."""
        backend = sqs_backends[self._account][self._region]
        most = (mapping.scaling_config or {}).get("MaximumConcurrency", 1)
        with self._changed:
            free = lambda: len(self._handling) < most  # noqa: E731 - one use
            if not self._changed.wait_for(free, SECONDS_BETWEEN_LOOKS):
                return
        hidden = int(queue.visibility_timeout)
        messages = backend.receive_message(queue.name, mapping.batch_size, 0, hidden, ["All"])
        if messages:
            receipt, what = str(messages[0].receipt_handle), f"queue of {function.name}"
            self._activity.begin(what)
            with self._changed:
                self._handling.add(receipt)
            begin(lambda: self._handled(queue, mapping, function, messages, receipt))

    def _handled(
        self, queue: Any, mapping: Any, function: Function, messages: list[Any], receipt: str
    ) -> None:
        """Have the function handle messages, and delete those that it has handled."""
        try:
            self._handle(queue, mapping, function, messages)
        finally:
            self._activity.end(f"queue of {function.name}")
            with self._changed:
                self._handling.discard(receipt)
                self._changed.notify_all()

    def _handle(self, queue: Any, mapping: Any, function: Function, messages: list[Any]) -> None:
        backend = sqs_backends[self._account][self._region]
        found = [_record(message, mapping.event_source_arn) for message in messages]
        wanted = [one for one in found if wants(mapping, one | {"body": _parsed(one["body"])})]
        failed = self._failed(mapping, function, wanted) if wanted else set()
        for message in messages:
            if message.id not in failed:
                backend.delete_message(queue.name, str(message.receipt_handle))

    def _failed(self, mapping: Any, function: Function, records: list[Any]) -> set[str]:
        """Return the ids of the messages that stay in the queue."""
        every = {one["messageId"] for one in records}
        self._functions.note_reading(function, _READING, mapping.event_source_arn)
        try:
            answer = self._functions.invoke(function, json.dumps({"Records": records}).encode())
        except Throttled:
            return every
        if answer.failed:
            return every
        if "ReportBatchItemFailures" not in (mapping.function_response_types or []):
            return set()
        told = json.loads(answer.payload) or {}
        return {one["itemIdentifier"] for one in told.get("batchItemFailures", [])}


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


def _record(message: Any, source: str) -> dict[str, Any]:
    group = {"MessageGroupId": message.group_id} if message.group_id else {}
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
            **group,
        },
        "messageAttributes": {},
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": source,
        "awsRegion": source.split(":")[3],
    }
