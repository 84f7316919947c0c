"""Faults of a folder of kept state; each message is a sentence with the next command."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StateFault(Exception):
    """Kept state that the bank does not go on with."""


class DamagedState(StateFault):
    """A database that can't be read, or not all of it."""


class MissingState(StateFault):
    """No database where one was."""


class UnusableState(StateFault):
    """A file or folder of another kind, or that can't be written."""


@contextmanager
def usable() -> Iterator[None]:
    """Raise UnusableState, in a sentence, for a file or folder that is not as it should be."""
    try:
        yield
    except OSError as error:
        raise UnusableState(
            f"{error.filename or 'A file of this folder'} can't be used: "
            f"{error.strerror or error}. Move away what is there, make room "
            "or see that you may write there; then start again."
        ) from error


def require_room(folder: Path, least: int) -> None:
    """Raise UnusableState if the folder's disk has fewer bytes free than a start needs."""
    free = shutil.disk_usage(folder).free
    if free < least:
        raise UnusableState(
            f"The disk of {folder} has {free / 1e6:.1f} MB free, and a start needs "
            f"{least / 1e6:.0f} MB. Make room, then start again; nothing that is kept was changed."
        )


def require_file(path: Path) -> None:
    """Raise UnusableState for what is there and no file. Reading a pipe would never end, and a
    link to a disk that is not mounted would be taken for a file that is not there yet.
    """
    if path.is_file() or not os.path.lexists(path):
        return
    kind = "a folder" if path.is_dir() else "a pipe or a device"
    if not path.exists():
        kind = f"a link to {path.readlink()}, which does not exist"
    raise UnusableState(f"{path} is {kind}, and not a file. Move it away, then start again.")
