"""Lock of a folder of kept state: one process at a time."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from localcloud.kept_state.state_faults import UnusableState, require_file, usable


class FolderInUse(Exception):
    """Another process has the folder; the message names it."""


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep every bank out of a folder. Raises FolderInUse or UnusableState."""
    file = lock(folder)
    try:
        yield
    finally:
        file.close()


def remove_abandoned(folders: Iterable[Path]) -> None:
    """Remove folders whose process was killed: they have a lock file, and it is nobody's."""
    for folder in folders:
        with contextlib.suppress(FolderInUse, UnusableState):
            if (folder / "lock").is_file():
                with held(folder):
                    shutil.rmtree(folder, ignore_errors=True)


def lock(folder: Path) -> Any:
    """Return the open file that holds the lock. Raises FolderInUse or UnusableState."""
    with usable():
        folder.mkdir(parents=True, exist_ok=True)
    require_file(folder / "lock")
    with usable():
        file = (folder / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        owner = file.read().strip()
        file.close()
        raise FolderInUse(
            f"{folder} is in use by process {owner}: stop that one, or choose another folder"
        ) from error
    with contextlib.suppress(OSError):  # no room: the name of the process is for people
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
    return file
