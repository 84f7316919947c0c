"""Mark beside a database: which bank's it is, and how many transactions it has committed.

SQLite drops every frame of its log from the first damaged one on, without a word. A number that is
kept outside the database as well shows that answered writes are missing.
"""

import json
import os
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARK = "cloud.id"
_DIGITS = 16  # all marks of a folder have one length, so that one is written over another


@dataclass(frozen=True)
class Mark:
    """`committed` is None in the mark of a version that did not count."""

    id: str
    since: str
    committed: int | None

    @property
    def text(self) -> str:
        number = f"{self.committed or 0:0{_DIGITS}}"
        return json.dumps(
            {"id": self.id, "since": self.since, "committed": number, "crc": _checksum(number)}
        )


def read(folder: Path) -> Mark | None:
    """Return the folder's mark, None without one. Raises ValueError if it is damaged."""
    try:
        kept = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except RecursionError as error:
        raise ValueError("it is nested too deeply for a mark") from error
    try:
        number = kept.get("committed")
        if number is not None and kept["crc"] != _checksum(number):
            raise ValueError(f"{number} is not as it was written")
        return Mark(kept["id"], kept["since"], None if number is None else int(number))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{kept} is no mark") from error


def _checksum(number: str) -> str:
    return f"{zlib.crc32(number.encode()):08x}"


class MarkFile:
    """The open file of a mark. It is overwritten in place after each commit, before the answer.

    No fsync: a killed process loses nothing that it has written. A power failure may bring back an
    older number, which is harmless, and never one ahead of the database, which is on disk first.
    """

    def __init__(self, folder: Path, mark: Mark) -> None:
        """Mark the folder as in use. Raises OSError."""
        self._mark = mark
        self._file = os.open(folder / MARK, os.O_WRONLY)

    def write(self, committed: int) -> None:
        text = Mark(self._mark.id, self._mark.since, committed).text
        with suppress(OSError):  # the write is stored; an older number is harmless
            os.pwrite(self._file, text.encode(), 0)

    def close(self) -> None:
        os.close(self._file)
