"""Locks of other processes on the database: which faults they cause, and who holds them."""

import os
from contextlib import suppress
from pathlib import Path

_LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")


def is_lock(error: BaseException | None) -> bool:
    """Return whether a lock of SQLite's is the cause of an error, or of what it came from."""
    while error:
        if getattr(error, "sqlite_errorname", "").startswith(_LOCKED):
            return True
        error = error.__cause__
    return False


def holders_of(path: Path) -> list[str]:
    """Return the other processes that have a file open, as `4711 (sqlite3)`. Linux says which;
    elsewhere, and of another user's processes, nothing is known.
    """
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            names = {str(one.readlink()) for one in (process / "fd").iterdir()}
            if str(path.resolve()) in names and int(process.name) != os.getpid():
                found.append(f"{process.name} ({(process / 'comm').read_text().strip()})")
    return found
