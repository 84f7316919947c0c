"""ReceiveMessage of a standard queue: fair to its groups, and one look at each message.

moto looks at all messages of a queue ten times for each that it hands over.
"""

import copy
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from moto.core.utils import unix_time_millis
from moto.sqs.models import _filter_message_attributes

SECONDS_BETWEEN_LOOKS = 1


def fair(original: Any) -> Callable[..., list[Any]]:
    """Replace moto's SQSBackend.receive_message for queues that are not FIFO. The messages of the
    group with the fewest in flight come first; AWS does so once a group takes a tenth of the
    readers' time.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
    """

    def receive(
        backend: Any,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Any]:
        names = message_attribute_names or []
        queue = backend.get_queue(queue_name)
        if queue.fifo_queue:
            asked = (queue_name, count, wait_seconds_timeout, visibility_timeout, names)
            return original(backend, *asked)  # type: ignore[no-any-return]
        until = time.monotonic() + wait_seconds_timeout
        found = _taken(queue, count, visibility_timeout, names)
        while not found and time.monotonic() < until:
            queue.wait_for_messages(SECONDS_BETWEEN_LOOKS)
            found = _taken(queue, count, visibility_timeout, names)
        return found

    return receive


def waiting(queue: Any) -> list[Any]:
    """Return the messages that may be received now, in their order."""
    if not queue._messages:  # as nearly always, and a reader looks ten times a second
        return []
    now = unix_time_millis()
    in_flight: Counter[str | None] = Counter()
    ready = []
    for message in [*queue._messages]:
        if now <= message.visible_at:
            in_flight[message.group_id] += 1
        elif now >= message.delayed_until:
            ready.append(message)
    return sorted(ready, key=lambda one: in_flight[one.group_id] if one.group_id else 0)


def _taken(queue: Any, count: int, hidden: int, names: list[str]) -> list[Any]:
    found = []
    for message in _deliverable(queue, waiting(queue)):
        queue.pending_messages.add(message)
        message.mark_received(visibility_timeout=hidden)
        copied = copy.copy(message)
        _filter_message_attributes(copied, names)
        found.append(copied)
        if len(found) == count:
            break
    return found


def _deliverable(queue: Any, messages: list[Any]) -> Iterator[Any]:
    """Yield messages that are not too old; those received often enough become dead letters."""
    oldest = unix_time_millis() - queue.message_retention_period * 1000
    for message in messages:
        queue.pending_messages.discard(message)
        if _is_dead(queue, message):
            queue._messages.remove(message)
            queue.dead_letter_queue.add_message(message)
        elif message.sent_timestamp > oldest:
            yield message


def _is_dead(queue: Any, message: Any) -> bool:
    if queue.dead_letter_queue is None or not queue.redrive_policy:
        return False
    most: int = queue.redrive_policy["maxReceiveCount"]
    return bool(message.approximate_receive_count >= most)
