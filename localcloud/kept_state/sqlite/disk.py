"""Health of the disk with the kept state: a line when a write fails, a line when writes work."""

import logging
import os
import threading
import time
from pathlib import Path

log = logging.getLogger("localcloud")


class NotStored(Exception):
    """A write that did not reach the disk. Nothing of it is in memory either."""


SETTLED_SECONDS = 2.0  # a small write may fit where the next one does not


class Disk:
    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._failing_since: float | None = None
        self._last_failure = 0.0
        self.serving = False  # a start that fails says so itself
        self._lost_lines = 0

    @property
    def is_failing(self) -> bool:
        return self._failing_since is not None

    def failed(self, path: object, error: Exception) -> NotStored:
        """Return the error to raise. The first failure in a row is logged."""
        with self._changing:
            self._last_failure = time.monotonic()
            first = not self.is_failing
            self._failing_since = self._failing_since or self._last_failure
        if first and self.serving:
            log.error(
                "Nothing can be stored: %s: %s. Requests that write are answered 503 until it works"
                " again; what was answered before is safe.",
                path, _reason(error),
            )  # fmt: skip
        return NotStored(f"{path}: {_reason(error)}")

    def worked(self) -> None:
        """Log the end of a failure once no write has failed for a while."""
        if not self.is_failing or time.monotonic() < self._last_failure + SETTLED_SECONDS:
            return
        with self._changing:
            since, self._failing_since = self._failing_since, None
            lost, self._lost_lines = self._lost_lines, 0
        if since and self.serving:
            seconds = time.monotonic() - since
            log.error(
                "Storing again, after %.0f s. %d lines of function logs were lost.", seconds, lost
            )

    def lost_a_line(self) -> None:
        """Count a line of a function's log that could not be written."""
        with self._changing:
            self._lost_lines += 1


def write_whole(path: Path, text: str) -> None:
    """Replace a file by another, on disk at the end: either is whole. Raises OSError."""
    new = path.with_name(path.name + ".new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    name = getattr(error, "sqlite_errorname", None)
    return f"{error} ({name})" if name else str(error)
