"""Kept state of the embedded cloud: a write is on disk first, then in memory, then answered."""

import json
import logging
import pickle
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import moto
from moto.sagemaker.models import sagemaker_backends
from moto.sns.models import sns_backends
from moto.ssm.models import ssm_backends

from localcloud.kept_state import kept_executions, kept_parameters, restored, sentences
from localcloud.kept_state.damage import check, mark
from localcloud.kept_state.database import FILE, Storage, Transaction
from localcloud.kept_state.disk import Disk, NotStored
from localcloud.kept_state.folder_lock import lock
from localcloud.kept_state.index_lag import IndexLag
from localcloud.kept_state.locks import holders_of, is_lock
from localcloud.kept_state.state_faults import DamagedState, UnusableState

log = logging.getLogger("localcloud")

SECONDS_BETWEEN_TRIES = 1.0


class Kept:
    """One folder of kept state. Nothing is written before `restore`, which is called once the
    tables, buckets and topics exist. Without a folder nothing is kept.

    Raises DamagedState, MissingState, UnusableState or FolderInUse.
    """

    def __init__(self, folder: Path | None, account: str, region: str, disk: Disk) -> None:
        self.items = threading.RLock()  # writers: moto takes no lock around a condition and its put
        self.objects = threading.RLock()  # writers
        self.index_lag = IndexLag()
        self.reading = threading.RLock()  # held for as long as a list is read or changed
        self._folder = folder
        self._disk = disk
        self._account = account
        self._region = region
        self._restored = False
        self._of_this_thread = threading.local()
        self._hurry = threading.Event()
        self._closed = False
        if folder:
            self._lock_file = lock(folder)
            try:
                check(folder)
                self._storage = _opened(folder, disk)
            except BaseException:
                self._lock_file.close()
                raise

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
        if self.is_open:
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
        if self._folder and not self._closed:
            self._closed = True  # a request that is still under way is answered 503
            self._storage.close()
            self._lock_file.close()

    def keep_sagemaker(self) -> None:
        backend = sagemaker_backends[self._account][self._region]
        self._keep(
            "sagemaker", lambda: {name: dict(getattr(backend, name)) for name in restored.SAGEMAKER}
        )

    def keep_executions(self) -> None:
        self._keep("executions", lambda: kept_executions.recorded(self._account, self._region))

    def keep_parameters(self) -> None:
        backend = ssm_backends[self._account][self._region]
        with self.writing() as rows:
            rows.put_record(
                restored.PARAMETERS, json.dumps(kept_parameters.recorded(backend)).encode()
            )

    def keep_subscriptions(self) -> None:
        subscriptions = sns_backends[self._account][self._region].subscriptions
        self._keep(
            "sns",
            lambda: [
                (s.topic.arn, s.endpoint, s.protocol, s.arn, s.attributes, s._filter_policy)
                for s in list(subscriptions.values())
            ],
        )

    def restore(self) -> None:
        """Restore the kept state. Raises NotStored, or DamagedState for rows without a table."""
        self._restored = True
        if self._folder:
            self._put_back()
        self._disk.serving = True

    def _put_back(self) -> None:
        self._check_stamp()
        kept, homeless = restored.put_back(self._storage, self._account, self._region)
        if homeless:
            assert self._folder
            homes = restored.homes(self._account, self._region)
            raise DamagedState(sentences.homeless(self._folder / FILE, homeless, homes))
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

    def _keep(self, service: str, content: Callable[[], Any]) -> None:
        with self.writing() as rows:  # read inside: what was read first is not written last
            rows.put_record(service, pickle.dumps(content()) if self.is_open else b"")

    def _check_stamp(self) -> None:
        stamps = self._storage.rows("select moto from written_by")
        if stamps == [(moto.__version__,)]:
            return
        with self.writing() as rows:
            rows.put_stamp(moto.__version__)
            if stamps:
                assert self._folder
                restored.set_aside(self._folder, self._storage, stamps[0][0], rows)


class _NoRow:
    """Result of a statement where nothing is kept."""

    lastrowid = 0


def _opened(folder: Path, disk: Disk) -> Storage:
    path, storage = folder / FILE, None
    try:
        storage = Storage(path, disk)
        mark(folder, storage)
    except (sqlite3.Error, NotStored, OSError) as error:
        if storage:
            storage.close()
        if is_lock(error):
            raise UnusableState(sentences.locked(path, holders_of(path))) from error
        raise UnusableState(
            f"{folder} takes no writes: {error}. Make room on its disk and see that you may write "
            "there, then start again. What was answered before is there."
        ) from error
    return storage
