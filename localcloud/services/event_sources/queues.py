"""Queues of SQS whose messages outlive the process, each with its receive count and the time at
which it is visible again.
"""

import json
from functools import partial
from typing import Any

from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, sqs_backends

from localcloud.kept_state.durability import Kept
from localcloud.kept_state.sqlite.database import Transaction

TARGET = "queue#"  # before the queue's name, among the events on disk
_KEPT = (
    "id",
    "body",
    "message_attributes",
    "sender_id",
    "sent_timestamp",
    "approximate_first_receive_timestamp",
    "approximate_receive_count",
    "visible_at",
    "delayed_until",
    "group_id",
)


class Queues:
    """The queues of one account."""

    def __init__(self, account: str, region: str, kept: Kept) -> None:
        self._account = account
        self._region = region
        self._kept = kept

    def put_back(self, number: int, target: str, payload: bytes) -> None:
        """Put a message that is on disk into its queue; forget it if there is no such queue."""
        queue = sqs_backends[self._account][self._region].queues.get(target.removeprefix(TARGET))
        if queue is None:
            with self._kept.writing() as rows:
                rows.execute("delete from events where id = ?", [number])
            return
        fields = json.loads(payload)
        message = Message(fields["id"], fields["body"])
        vars(message).update(fields, kept_number=number)
        queue._messages.append(message)

    def make_visible(self, name: str) -> None:
        """Let the time pass until which messages of a queue are hidden."""
        for message in sqs_backends[self._account][self._region].queues[name]._messages:
            message.visible_at = message.delayed_until = 0.0

    def added(self, original: Any) -> Any:
        """Replace moto's Queue.add_message."""

        def add(queue: Any, message: Any) -> None:
            with self._kept.writing() as rows:
                self._write(rows, queue, message)
                rows.afterwards(partial(original, queue, message))

        return add

    def deleted(self, original: Any) -> Any:
        """Replace moto's Queue.delete_message."""

        def delete(queue: Any, receipt_handle: str) -> None:
            for message in queue._messages:
                if message.had_receipt_handle(receipt_handle):
                    with self._kept.writing() as rows:
                        _forget(rows, message)
            original(queue, receipt_handle)

        return delete

    def purged(self, original: Any) -> Any:
        """Replace moto's SQSBackend.purge_queue."""

        def purge(backend: Any, queue_name: str) -> None:
            with self._kept.writing() as rows:
                rows.execute("delete from events where function = ?", [f"{TARGET}{queue_name}"])
                rows.afterwards(partial(original, backend, queue_name))

        return purge

    def hidden(self, _original: Any) -> Any:
        """Replace moto's SQSBackend.change_message_visibility, which counts 12 hours from the
        message's first day, and not from its last receive.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
        """

        def hide(
            backend: Any, queue_name: str, receipt_handle: str, visibility_timeout: int
        ) -> None:
            queue = backend.get_queue(queue_name)
            for message in queue._messages:
                if message.had_receipt_handle(receipt_handle):
                    message.change_visibility(visibility_timeout)
                    if message.visible:
                        queue.pending_messages.discard(message)
                    with self._kept.writing() as rows:
                        self._write(rows, queue, message)
                    return
            raise ReceiptHandleIsInvalid

        return hide

    def _write(self, rows: Transaction, queue: Any, message: Any) -> None:
        if queue.fifo_queue:  # its order is not kept here
            return
        _forget(rows, message)
        fields = {name: getattr(message, name) for name in _KEPT}
        text = json.dumps(fields, default=str).encode()
        message.kept_number = rows.add_event(f"{TARGET}{queue.name}", text)


def _forget(rows: Transaction, message: Any) -> None:
    if number := getattr(message, "kept_number", 0):
        rows.execute("delete from events where id = ?", [number])
