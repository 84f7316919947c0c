"""The function publishEvents: what was stored becomes events, and calls for subscribers.

It reads the table's stream and S3's notifications, which come once it is stored, at least once.
A failure is tried again as a whole, so an event may come twice, with the same id.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote_plus

from chalicelib.foundation import observability
from chalicelib.foundation.dynamodb_items import from_item
from chalicelib.foundation.observability import logger
from chalicelib.governance.announcements import record_announcements
from chalicelib.governance.announcements.announcement import Announcement, written
from chalicelib.governance.announcements.delivery_queue import Delivery
from chalicelib.governance.announcements.record_announcements import TOLD, NotARecord
from chalicelib.governance.announcements.subscribers import Known
from chalicelib.governance.policies.acts import Act

Document = dict[str, Any]


class Bus(Protocol):
    def publish(self, announced: Sequence[Announcement]) -> None: ...


class Queue(Protocol):
    def send(self, due: Sequence[Delivery]) -> None: ...


@dataclass(frozen=True, slots=True)
class Publishing:
    """The collaborators. `roles` has each bucket's role by its name; `read` an object's body."""

    bus: Bus
    queue: Queue
    subscribers: Callable[[], Known]
    roles: Mapping[str, str]
    read: Callable[[str, str], bytes]
    acts: Callable[[], list[Act]]

    def publish(self, event: Document) -> None:
        """Publish what records announce. Raises KeyError if it is no event of a source."""
        announced = [one for record in event["Records"] for one in self._of(record)]
        if announced:
            self.send(announced)

    def send(self, announced: Sequence[Announcement], only: str = "") -> None:
        """Put events on the bus, and queue a call for each subscriber of each; for `only` one
        subscriber if it is named, and not on the bus.
        """
        if not only:
            self.bus.publish(announced)
        due = [*due_calls(announced, self.subscribers(), only)]
        if due:
            self.queue.send(due)
        logger.info("announced", events=[one.id for one in announced], calls=len(due))

    def _of(self, record: Document) -> Iterator[Announcement]:
        if "s3" in record:
            bucket, key = record["s3"]["bucket"]["name"], record["s3"]["object"]["key"]
            yield from self.of_object(bucket, unquote_plus(key), record["eventTime"])
        elif "NewImage" in record["dynamodb"]:
            yield from self.of_record(_told(record["dynamodb"]["NewImage"]))

    def of_record(self, record: Mapping[str, Any]) -> Iterator[Announcement]:
        """Yield what a record of the table announces; what is no record is logged, and stops none
        of the others.
        """
        try:
            yield from record_announcements.of_record(record)
        except NotARecord as found:
            observability.unreadable(str(found))

    def of_object(self, bucket: str, key: str, at: str) -> Iterator[Announcement]:
        """Yield what an object announces. `at` is when it was written."""
        role = self.roles[bucket]

        def body_of(wanted: str) -> bytes:
            return self.read(bucket, wanted)

        yield from record_announcements.of_object(role, key, at, body_of, self.acts)


def _told(item: Mapping[str, Any]) -> Document:
    """Return what an item announces by; nothing if it is no record that our functions write."""
    try:
        return from_item({name: item[name] for name in TOLD if name in item})
    except (TypeError, ValueError, ArithmeticError):
        observability.unreadable(str(item["predictionId"].get("S", "")))
        return {}


def due_calls(
    announced: Sequence[Announcement], known: Known, only: str = ""
) -> Iterator[Delivery]:
    """Yield the calls that events make due, to those who want their types."""
    for one in announced:
        for name, subscriber in known.items():
            if one.type in subscriber.events and only in ("", name):
                yield Delivery(name, one.id, written(one))
