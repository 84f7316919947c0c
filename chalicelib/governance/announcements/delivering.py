"""The function deliverEvents: signed calls, and when a failed one is tried again.

The times are those of https://www.standardwebhooks.com, but for SQS: it hides a message for 12
hours at most.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from chalicelib.foundation.observability import logger
from chalicelib.governance.announcements import webhook_signature
from chalicelib.governance.announcements.delivery_queue import Delivery
from chalicelib.governance.announcements.hanging_receivers import HangingReceivers
from chalicelib.governance.announcements.subscribers import Known, Subscriber
from chalicelib.governance.announcements.webhook_call import ANSWER_SECONDS, NotCalled

Document = dict[str, Any]

MINUTE, HOUR = 60, 3600
# After the first attempt, which is at once. Two days in all; then the call is a dead letter.
WAITS = (5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 11 * HOUR, 11 * HOUR, 11 * HOUR)
ATTEMPTS = len(WAITS) + 1
JITTER = 0.1  # of a wait, at most: calls that failed together do not come back together


class Post(Protocol):
    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int: ...


class Queue(Protocol):
    def put_off(self, receipt_handle: str, seconds: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Delivering:
    """The collaborators."""

    queue: Queue
    subscribers: Callable[[], Known]
    post: Post
    hanging: HangingReceivers
    clock: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random

    def deliver(self, event: Document) -> Document:
        """Make the calls of messages, and return those that failed, as Lambda wants them."""
        failed = [one["messageId"] for one in event["Records"] if not self._handled(one)]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}

    def _handled(self, message: Document) -> bool:
        due = msgspec.json.decode(message["body"], type=Delivery)
        attempt = int(message["attributes"]["ApproximateReceiveCount"])
        subscriber = self.subscribers().get(due.subscriber)
        if subscriber is None:
            logger.info("subscribed no more", subscriber=due.subscriber, event_id=due.id)
            return True
        answer = self._call(subscriber, due)
        told: Document = {"subscriber": due.subscriber, "event_id": due.id, "attempt": attempt}
        if answer.startswith("2"):
            logger.info("webhook delivered", status=answer, **told)
            return True
        logger.warning("webhook failed", status=answer, **told)
        self.queue.put_off(message["receiptHandle"], self._wait(attempt))
        return False

    def _call(self, subscriber: Subscriber, due: Delivery) -> str:
        """Return the answer's status, or a word for why there was none."""
        if not self.hanging.may_be_called(due.subscriber):
            return "hanging"
        started = self.hanging.clock()
        answer = self._posted(subscriber, due)
        if answer.isdigit():
            self.hanging.answered(due.subscriber)
        elif self.hanging.clock() - started > ANSWER_SECONDS / 2:
            self.hanging.hung(due.subscriber)
        return answer

    def _posted(self, subscriber: Subscriber, due: Delivery) -> str:
        body = due.body.encode()
        at = int(self.clock())
        headers = webhook_signature.headers(due.id, at, body, subscriber.secrets)
        try:
            return str(self.post(subscriber.url, headers, body))
        except NotCalled as fault:
            return str(fault)

    def _wait(self, attempt: int) -> int:
        """Return how many seconds lie before the next attempt; 0 after the last, so that SQS puts
        the message to the dead letters.
        """
        if attempt >= ATTEMPTS:
            return 0
        return round(WAITS[attempt - 1] * (1 - JITTER * self.chance()))
