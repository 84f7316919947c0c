"""Kept state of the embedded cloud: a write is on disk first, then in memory, then answered."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from localcloud.kept_state.memory import records, restored
from localcloud.kept_state.recovery import sentences
from localcloud.kept_state.recovery.damage import opened
from localcloud.kept_state.sqlite.database import FILE, Storage, Transaction
from localcloud.kept_state.sqlite.disk import Disk, NotStored
from localcloud.kept_state.sqlite.folder_lock import lock
from localcloud.kept_state.sqlite.layout import RECOVERED
from localcloud.kept_state.state_faults import DamagedState, UnusableState
from localcloud.kept_state.stored_tables.index_lag import IndexLag
from localcloud.kept_state.stored_tables.item_rows import ItemRows
from localcloud.kept_state.stored_tables.item_values import Key
from localcloud.kept_state.stored_tables.orders import bring_up_to_date
from localcloud.kept_state.stored_tables.stored_items import StoredItems

SECONDS_BETWEEN_TRIES = 1.0


# The transaction, moto's table, the key, moto's item before, and the JSON of the one after.
ItemChanged = Callable[[Transaction, Any, Key, Any, str | None], None]


class Kept:
    """One folder of kept state. Nothing is written before `restore`, which is called once the
    tables, buckets and topics exist. Without a folder nothing outlives the process.

    Raises DamagedState, MissingState, UnusableState or FolderInUse.
    """

    def __init__(
        self,
        folder: Path | None,
        account: str,
        region: str,
        disk: Disk,
        make_room: Callable[[], None],
    ) -> None:
        """Lock the folder, make room on its disk, and open its database, in this order."""
        self.items = threading.RLock()  # writers: moto takes no lock around a condition and its put
        self.objects = threading.RLock()  # writers
        self.sagemaker: AbstractContextManager[Any] = (
            threading.RLock()
        )  # requests, and ends of deployments
        self.index_lag = IndexLag()
        self.item_changed: ItemChanged = _unread  # by whoever reads the streams of tables
        self._folder = folder
        self._disk = disk
        self._account = account
        self._region = region
        self._restored = False
        self.was_recovered = False  # since the last `end_recovery`; known after `restore`
        self._of_this_thread = threading.local()
        self._of_template: restored.Homes = {"items": set(), "objects": set()}
        self._kept_homes: restored.Homes = {}
        self._known_parameters: set[str] = set()  # those of Systems Manager, deleted ones included
        self._hurry = threading.Event()
        self._closed = False
        with ExitStack() as undo:
            if folder:
                undo.enter_context(lock(folder))
                make_room()
                self._storage = opened(folder, disk)
            else:
                passing = Path(undo.enter_context(TemporaryDirectory(prefix="localcloud-")))
                self._storage = Storage(passing / FILE, disk, outlives=False)
            undo.callback(self._storage.close)
            self._closing = undo.pop_all()
        self._item_rows = ItemRows(self._storage.readers)

    @property
    def is_open(self) -> bool:
        return self._folder is not None and self._restored

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Put all writes inside on disk at the end. A nested block is part of the outer one.

        Raises NotStored.
        """
        if outer := self._transaction_of_this_thread:
            yield outer
            return
        if self._closed:
            raise NotStored("the embedded cloud has stopped")
        with self._transaction() as rows:
            self._of_this_thread.transaction = rows
            try:
                yield rows
            finally:
                self._of_this_thread.transaction = None

    def afterwards(self, do: Callable[[], None]) -> None:
        """Do something once this thread's transaction is on disk; at once if it has none."""
        if rows := self._transaction_of_this_thread:
            rows.afterwards(do)
        else:
            do()

    @property
    def _transaction_of_this_thread(self) -> Transaction | None:
        return getattr(self._of_this_thread, "transaction", None)

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        if self.is_open or not self._folder:
            with self._storage.transaction() as rows:
                yield rows
        else:
            unkept = Transaction(lambda *_: _NoRow)
            yield unkept
            unkept.finish()

    def eventually(self, write: Callable[[], None]) -> None:
        """Write what no caller waits for: again and again, until there is room.

        Inside a transaction the write is part of it, and fails with it: raises NotStored.
        """
        if self._transaction_of_this_thread:
            write()
            return
        while True:
            try:
                write()
                break
            except NotStored:
                if self._hurry.wait(SECONDS_BETWEEN_TRIES):
                    break

    def stop_waiting(self) -> None:
        """Let `eventually` try only once from now on."""
        self._hurry.set()

    def close(self) -> None:
        self.stop_waiting()
        if not self._closed:
            self._closed = True  # a request that is still under way is answered 503
            self._closing.close()

    def items_of(self, table: Any) -> StoredItems:
        """Return the items of one of moto's tables, which are on the disk."""
        home = (table.account_id, table.region_name) == (self._account, self._region)
        name = table.name if home else f"{table.account_id}/{table.region_name}/{table.name}"
        return StoredItems(table, name, self._item_rows, self.writing)

    def keep_sagemaker(self) -> None:
        self._keep("sagemaker", lambda: records.sagemaker(self._account, self._region))

    def keep_executions(self) -> None:
        self._keep("executions", lambda: records.executions(self._account, self._region))

    def keep_parameters(self) -> None:
        self._keep(records.PARAMETERS, self._parameters)

    def _parameters(self) -> bytes:
        return records.parameters(self._account, self._region, self._known_parameters)

    def keep_pools(self) -> None:
        self._keep(records.POOLS, lambda: records.pools(self._account, self._region))

    def keep_subscriptions(self) -> None:
        self._keep("sns", lambda: records.subscriptions(self._account, self._region))

    def keep_tables(self) -> None:
        """Keep the tables that the template does not have."""
        of_template = self._of_template["items"]
        with self.writing() as rows:
            self._keep(
                records.TABLES, lambda: records.tables(self._account, self._region, of_template)
            )
            if self._restored or not self._folder:
                self._sort_items(rows)

    def _sort_items(self, rows: Transaction) -> None:
        tables: dict[str, Any] = dict(dynamodb_backends[self._account][self._region].tables)
        bring_up_to_date(rows, [(table, table.items.name) for table in tables.values()])

    def keep_buckets(self) -> None:
        """Keep the buckets that the template does not have."""
        of_template = self._of_template["objects"]
        self._keep("buckets", lambda: records.buckets(self._account, of_template))

    def keep_homes(self) -> None:
        """Keep tables and buckets that a stack made since the last call: a row never goes to disk
        without its table or bucket.
        """
        homes = restored.homes(self._account, self._region)
        if homes != self._kept_homes:
            self.keep_tables()
            self.keep_buckets()
            self.afterwards(lambda: setattr(self, "_kept_homes", homes))

    def restore(self) -> None:
        """Restore the kept state. Raises NotStored, or DamagedState for rows without a table."""
        self._of_template = restored.homes(self._account, self._region)
        self._restored = True
        if self._folder:
            self._put_back(self._folder)
        self._kept_homes = restored.homes(self._account, self._region)
        self._disk.serving = True

    def end_recovery(self) -> None:
        """Forget that the database was recovered, once what follows from it is on disk. Raises
        NotStored.
        """
        with self.writing() as rows:
            rows.delete_record(RECOVERED)
        self.was_recovered = False

    def _put_back(self, folder: Path) -> None:
        with self.writing() as rows:
            restored.check_stamp(folder, self._storage, rows)
            restored.drop_passing_items(self._storage, rows)
        try:
            kept, homeless = restored.put_back(
                self._storage, self._account, self._region, self._known_parameters
            )
        except NotStored as fault:  # bodies of objects get files of their own
            rest = "Make room, then start again; nothing that is kept was changed."
            raise UnusableState(f"{fault}. {rest}") from fault
        if homeless:
            homes = restored.homes(self._account, self._region)
            raise DamagedState(sentences.homeless(folder / FILE, homeless, homes))
        with self.writing() as rows:
            self._sort_items(rows)
        self.was_recovered = RECOVERED in kept
        if "executions" in kept:
            self.keep_executions()  # those that ran have failed

    def pending_events(self) -> list[tuple[int, str, bytes, int]]:
        """Return events that were accepted and not handled to the end, the oldest first: number,
        function, payload, and the restarts that each has seen.
        """
        if not self.is_open:
            return []
        with self.writing() as rows:
            rows.count_restart()
        return self._storage.rows("select id, function, payload, restarts from events order by id")

    def _keep(self, service: str, content: Callable[[], bytes]) -> None:
        with self.writing() as rows:  # read inside: what was read first is not written last
            if self.is_open:
                rows.put_record(service, content())


def _unread(rows: Transaction, table: Any, key: Key, before: Any, after: str | None) -> None:
    """Do nothing: no function reads a stream."""


class _NoRow:
    """Result of a statement where nothing is kept."""

    lastrowid = 0
