"""Everything of one account that reads queues and streams for functions."""

from collections.abc import Callable

from localcloud.activity import Activity
from localcloud.kept_state.durability import Kept
from localcloud.services.event_sources.mappings import Mappings
from localcloud.services.event_sources.queue_readers import QueueReaders
from localcloud.services.event_sources.queues import TARGET as OF_A_QUEUE
from localcloud.services.event_sources.queues import Queues
from localcloud.services.event_sources.table_streams import TARGET as OF_A_STREAM
from localcloud.services.event_sources.table_streams import TableStreams
from localcloud.services.lambda_.functions import Functions

Again = Callable[[int, str, bytes], None]


class EventSources:
    """The queues, the streams, and their readers."""

    def __init__(
        self, account: str, region: str, functions: Functions, activity: Activity, kept: Kept
    ) -> None:
        mappings = Mappings(account, region)
        self.queues = Queues(account, region, kept)
        self.queue_readers = QueueReaders(account, region, mappings, functions, activity)
        self._streams = TableStreams(mappings, functions, activity, kept)
        kept.item_changed = self._streams.changed

    def again(self, target: str) -> Again | None:
        """Return what takes a message or a record that is on disk; None if it is neither."""
        if target.startswith(OF_A_QUEUE):
            return self.queues.put_back
        return self._streams.deliver_again if target.startswith(OF_A_STREAM) else None

    def close(self) -> None:
        """Wait for the readers, whose functions would otherwise call the real AWS."""
        self._streams.close()
        self.queue_readers.close()
