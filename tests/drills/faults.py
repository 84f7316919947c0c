"""Real faults of a disk: full, locked by another process."""

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

UNLIMITED = resource.RLIM_INFINITY


class Tmpfs:
    """A file system of its own; whoever writes to it is meant. Needs root."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    def fill(self, pid: int) -> None:
        with self._filler.open("wb", buffering=0) as filler:
            for size in (2**20, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        filler.write(b"x" * size)

    def free(self, pid: int) -> None:
        self._filler.unlink(missing_ok=True)


class Limit:
    """The kernel's limit of a file's size, for one process: no file of it can grow or be written.
    Any user may set it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self, pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, UNLIMITED))

    def free(self, pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))


Disk = Tmpfs | Limit


@contextlib.contextmanager
def small_disk(path: Path, size: str = "64m") -> Iterator[Disk]:
    """A folder whose disk can be filled: a tmpfs, or without root the limit of a file's size."""
    path.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or _mount(path, size):
        yield Limit(path)
        return
    try:
        yield Tmpfs(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def _mount(path: Path, size: str) -> int:
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)]
    return subprocess.run(command, check=False, capture_output=True).returncode


_LOCKER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
db.execute("begin exclusive")
print("locked", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process holds the database's lock inside the block."""
    command = [sys.executable, "-c", _LOCKER, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as locker:
        assert locker.stdout
        assert locker.stdout.readline() == b"locked\n"
        try:
            yield
        finally:
            locker.kill()
