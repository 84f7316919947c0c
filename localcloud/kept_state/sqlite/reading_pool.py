"""Connections that read the database beside its writer: none waits for a write to reach the disk,
and each sees whole transactions.
"""

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from localcloud.kept_state.sqlite.sort_keys import sort_key

log = logging.getLogger("localcloud")

MOST = 4  # connections; with their caches of pages they are all that reading keeps in memory
CACHE_KIB = 2000  # of pages, a connection; SQLite's own default
LOCKED_MILLISECONDS = 2000
DOUBT = "cloud.doubt"  # beside the database


class NotRead(Exception):
    """Rows that the disk does not give as they were written."""


class Readers:
    """A pool of connections to one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._free: list[sqlite3.Connection] = []
        self._turns = threading.BoundedSemaphore(MOST)
        self._closed = False

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return all rows of a query, so ask for a page. Raises NotRead."""
        try:
            with self._connection() as db:
                return db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            if self._closed:
                raise NotRead(f"{self._path} is closed") from error
            raise self.fault(error) from error

    def fault(self, reason: object) -> NotRead:
        """Log that the file can't be read, and return the error to raise. The next start checks
        all of the file.
        """
        with suppress(OSError):
            self._path.with_name(DOUBT).touch()
        log.error(
            "%s can't be read: %s. Stop, then: make run checks it, and says how to go on.",
            self._path, reason,
        )  # fmt: skip
        return NotRead(f"{self._path}: {reason}")

    def close(self) -> None:
        self._closed = True
        while self._free:
            self._free.pop().close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._turns:
            try:
                db = self._free.pop()
            except IndexError:
                db = self._opened()
            try:
                yield db
            finally:
                self._free.append(db)
                if self._closed:
                    self.close()

    def _opened(self) -> sqlite3.Connection:
        if self._closed:
            raise sqlite3.ProgrammingError("it is closed")
        db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        db.execute(f"pragma busy_timeout = {LOCKED_MILLISECONDS}")
        db.execute(f"pragma cache_size = -{CACHE_KIB}")
        db.execute("pragma query_only = on")
        add_functions(db)
        return db


def has_doubt(path: Path) -> bool:
    """Return whether a reader found the file of this path not as it was written."""
    return path.with_name(DOUBT).exists()


def forget_doubt(path: Path) -> None:
    with suppress(OSError):
        path.with_name(DOUBT).unlink(missing_ok=True)


def add_functions(db: sqlite3.Connection) -> None:
    """Add the functions that indexes of the database use."""
    db.create_function("sort_key", 2, sort_key, deterministic=True)
