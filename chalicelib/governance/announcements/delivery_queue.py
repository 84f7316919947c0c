"""Adapter of the queue of webhooks: a message for each event and subscriber."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MOST = 10  # messages of a request: SQS's limit


class NotQueued(Exception):
    """SQS did not take all messages; whoever sent them does it again."""


class Delivery(msgspec.Struct, frozen=True):
    """A call that is due: `body` is the event's JSON, of the event `id`."""

    subscriber: str
    id: str
    body: str


class DeliveryQueue:
    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, due: Sequence[Delivery]) -> None:
        """Queue calls. Raises NotQueued; some of them may be queued then."""
        for first in range(0, len(due), MOST):
            entries: Any = [
                _entry(number, one) for number, one in enumerate(due[first : first + MOST])
            ]
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
            if failed := answer.get("Failed"):
                raise NotQueued(", ".join(sorted({one["Code"] for one in failed})))

    def put_off(self, receipt_handle: str, seconds: int) -> None:
        """Hide a message that was received, until its next attempt is due."""
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
        )


def _entry(number: int, due: Delivery) -> dict[str, str]:
    """Return a message. Its group makes the queue a fair one: a subscriber that hangs does not
    hold up the calls of others.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """
    body = msgspec.json.encode(due).decode()
    return {"Id": str(number), "MessageBody": body, "MessageGroupId": due.subscriber}
