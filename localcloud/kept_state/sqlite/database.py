"""The SQLite file of the kept state: every transaction is on disk, or it did not happen."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from localcloud.kept_state.sqlite.disk import Disk, NotStored
from localcloud.kept_state.sqlite.folder_mark import MarkFile
from localcloud.kept_state.sqlite.layout import checksum, prepare
from localcloud.kept_state.sqlite.reading_pool import Readers, add_functions

FILE = "cloud.sqlite"
LOCKED_SECONDS = 2.0  # how long the first write waits for another process's lock
_LARGEST_WAL = 2**20  # after a checkpoint: a longer one is cut


class Transaction:
    """Rows that are written together, and what is done once they are on disk, in its order."""

    def __init__(self, execute: Callable[[str, Sequence[Any]], Any]) -> None:
        self.execute = execute
        self.fault: NotStored | None = None
        self._afterwards: list[Callable[[], None]] = []

    def afterwards(self, do: Callable[[], None]) -> None:
        self._afterwards.append(do)

    def finish(self) -> None:
        for do in self._afterwards:
            do()

    def put_item(self, table: str, key: str, item: str | None) -> None:
        """Keep an item as JSON, or delete it if it is None."""
        if item is None:
            self.execute('delete from items where "table" = ? and key = ?', [table, key])
        else:
            self._put("items", table, key, item)

    def put_object(self, bucket: str, key: str, versions: bytes | None) -> None:
        """Keep all versions of an object, or delete them if it is None."""
        if versions is None:
            self.execute("delete from objects where bucket = ? and key = ?", [bucket, key])
        else:
            self._put("objects", bucket, key, versions)

    def put_record(self, service: str, content: bytes) -> None:
        self._put("records", service, content)

    def delete_record(self, service: str) -> None:
        self.execute("delete from records where service = ?", [service])

    def put_stamp(self, moto: str) -> None:
        """Keep the version of moto that wrote the rows."""
        self.execute("delete from written_by", [])
        self._put("written_by", moto)

    def put_identity(self, identity: str) -> None:
        self.execute("delete from identity", [])
        self._put("identity", identity)

    def put_committed(self, transactions: int) -> None:
        self._put("committed", 1, transactions)

    def add_event(self, function: str, payload: bytes) -> int:
        """Keep an event that a function has not handled yet; the number is its own."""
        sql = "insert into events (function, payload, restarts) values (?, ?, 0)"
        number = int(self.execute(sql, [function, payload]).lastrowid)
        crc = "row_crc(id, function, payload, restarts)"
        self.execute(f"update events set crc = {crc} where id = ?", [number])  # noqa: S608
        return number

    def count_restart(self) -> None:
        """Count one more restart for every event that is not handled."""
        crc = "row_crc(id, function, payload, restarts + 1)"
        self.execute(f"update events set restarts = restarts + 1, crc = {crc}", [])  # noqa: S608

    def _put(self, table: str, *values: Any) -> None:
        row = ", ".join("?" * (len(values) + 1))
        sql = f"insert or replace into {table} values ({row})"  # noqa: S608
        self.execute(sql, [*values, checksum(values)])


class Storage:
    """One connection, shared by all threads. Raises sqlite3.Error if the file can't be opened."""

    def __init__(self, path: Path, disk: Disk, *, outlives: bool = True) -> None:
        """Open a file that outlives the process, whose writes wait for the disk; or one that does
        not.
        """
        self._path = path
        self._synchronous = "full" if outlives else "off"
        self.readers = Readers(path)
        self._disk = disk
        self._turn = threading.RLock()
        self._current: Transaction | None = None
        self._mark: MarkFile | None = None
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            self._open()
        except Exception:
            self._db.close()
            raise

    def rows(self, sql: str) -> list[Any]:
        with self._turn:
            return self._db.execute(sql).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commit all writes inside at the end, or none. A nested transaction is part of the outer
        one. Raises NotStored.
        """
        with self._turn:
            if self._current:
                yield self._current
                return
            self._current = Transaction(self._execute)
            try:
                self._wait_for_locks(not self._disk.is_failing)
                self._execute("begin immediate")
                yield self._current
                self._commit(self._current)
            except BaseException:
                self._roll_back()
                raise
            else:
                done = self._current
            finally:
                self._current = None
        self._disk.worked()
        done.finish()

    def close(self) -> None:
        self.readers.close()
        with self._turn:
            self._db.close()
            if self._mark:
                self._mark.close()
                self._mark = None

    def count_in(self, mark: MarkFile) -> None:
        """Keep the number of committed transactions in the mark, too, from now on."""
        with self._turn:
            self._mark = mark
            mark.write(self._committed)

    def _open(self) -> None:
        self._db.execute(f"pragma busy_timeout = {int(LOCKED_SECONDS * 1000)}")
        self._db.execute("pragma journal_mode = wal")
        self._db.execute(f"pragma synchronous = {self._synchronous}")
        add_functions(self._db)
        self._db.execute("pragma secure_delete = on")  # what is deleted is gone from the file, too
        self._db.execute(f"pragma journal_size_limit = {_LARGEST_WAL}")
        prepare(self._db)
        counted = self._db.execute("select transactions from committed").fetchone()
        self._committed: int = counted[0] if counted else 0

    def _commit(self, transaction: Transaction) -> None:
        if transaction.fault:  # who called may have swallowed it, as moto's events do
            raise transaction.fault
        transaction.put_committed(self._committed + 1)
        self._execute("commit")
        self._committed += 1
        if self._mark:
            self._mark.write(self._committed)

    def _wait_for_locks(self, patient: bool) -> None:
        """Let one write wait; while writes fail, the others do not queue behind it."""
        milliseconds = int(LOCKED_SECONDS * 1000) if patient else 0
        self._execute(f"pragma busy_timeout = {milliseconds}")

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(sql, values)
        except sqlite3.ProgrammingError as error:
            raise self._fault(NotStored(f"{self._path} is closed")) from error
        except sqlite3.DatabaseError as error:
            raise self._fault(self._disk.failed(self._path, error)) from error

    def _fault(self, fault: NotStored) -> NotStored:
        if self._current:
            self._current.fault = fault
        return fault

    def _roll_back(self) -> None:
        try:
            if self._db.in_transaction:
                self._db.execute("rollback")
        except sqlite3.Error:  # the file is closed, or SQLite has rolled back by itself
            pass
