"""Bodies of S3's objects: each is a file of the cloud's working folder, read when it is asked for.

A file's descriptor is not kept open, as a process may have a thousand of them and a bucket more.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from localcloud.kept_state.sqlite.disk import Disk

SMALL = 4096  # bytes that stay in memory: about as many as all else that moto has of an object


class Body:
    """Content of one object, as moto uses a file for it: written at once, and read from a place.

    A closed one raises ValueError, as files do: moto takes the object for deleted then. A write
    that the disk does not take raises NotStored.
    """

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.closed = False
        self._disk = disk
        self._file = folder / uuid.uuid4().hex
        self._small: bytes | None = b""
        self._place = 0

    def seek(self, place: int) -> None:
        self._place = place

    def truncate(self) -> None:
        self._forget()

    def write(self, content: bytes) -> None:
        if len(content) > SMALL:
            self._small = None
            try:
                self._file.write_bytes(content)
            except OSError as error:
                raise self._disk.failed(self._file, error) from error
        else:
            self._small = bytes(content)

    def read(self, count: int = -1) -> bytes:
        if self.closed:
            raise ValueError("The body of an object that was deleted can't be read.")
        found = self._found(count)
        self._place += len(found)
        return found

    def close(self) -> None:
        self.closed = True
        self._forget()

    def _found(self, count: int) -> bytes:
        if self._small is not None:
            return self._small[self._place :][: count if count >= 0 else None]
        with self._file.open("rb") as file:
            file.seek(self._place)
            return file.read(count)

    def _forget(self) -> None:
        if self._small is None:
            with suppress(OSError):  # a cloud that closed has removed its folder
                self._file.unlink()
        self._small = b""


def in_files_of(folder: Path, disk: Disk) -> Callable[[Any], Any]:
    """Replace the module tempfile of moto.s3.models, which takes nothing else from it."""
    folder.mkdir(exist_ok=True)
    made = lambda *_sizes, **_named: Body(folder, disk)  # noqa: E731 - one use
    return lambda _tempfile: SimpleNamespace(SpooledTemporaryFile=made)
