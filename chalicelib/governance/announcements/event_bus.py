"""Adapter of the account's event bus, EventBridge's default one."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.governance.announcements.announcement import Announcement, written

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

MOST = 10  # entries of a request: EventBridge's limit


class NotPublished(Exception):
    """EventBridge did not take all events; whoever published them does it again."""


class EventBus:
    """The bus. `source` is the stage's."""

    def __init__(self, client: "EventBridgeClient", source: str) -> None:
        self._client = client
        self._source = source

    def publish(self, announced: Sequence[Announcement]) -> None:
        """Publish events. Raises NotPublished; some of them may be published then."""
        for first in range(0, len(announced), MOST):
            entries: Any = [self._entry(one) for one in announced[first : first + MOST]]
            answer = self._client.put_events(Entries=entries)
            if answer["FailedEntryCount"]:
                codes = {one["ErrorCode"] for one in answer["Entries"] if "ErrorCode" in one}
                raise NotPublished(", ".join(sorted(codes)))

    def _entry(self, one: Announcement) -> dict[str, Any]:
        return {
            "Source": self._source,
            "DetailType": one.type,
            "Detail": written(one),
            "Time": datetime.fromisoformat(one.timestamp),
        }
