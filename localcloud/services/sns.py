"""Notices: everything that was published on a topic, in a file that people read."""

import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localcloud.kept_state.sqlite.disk import Disk, write_whole
from localcloud.kept_state.state_faults import require_file, usable

log = logging.getLogger("localcloud")


@dataclass(frozen=True)
class Notice:
    time: str
    topic: str
    subject: str | None
    message: str


class Notices(list[Notice]):
    """Messages published on any topic, the oldest first. Raises UnusableState if their file cannot
    be read.
    """

    def __init__(self, folder: Path | None, disk: Disk) -> None:
        self._path = folder and folder / "notices.jsonl"
        self._disk = disk
        if self._path:
            require_file(self._path)
        super().__init__(_read(self._path) if self._path and self._path.exists() else [])

    def record(self, topic: str, subject: str | None, message: str) -> None:
        """Append a notice to the file. Raises NotStored; the file is then as it was."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        notice = Notice(now, topic, subject, message)
        if self._path:
            try:
                _append(self._path, f"{_line(notice)}\n".encode())
            except OSError as error:
                raise self._disk.failed(self._path, error) from error
        self.append(notice)


def recorded_in(notices: Notices) -> Callable[[Any], Any]:
    """Replace moto's Topic.publish."""

    def replace(original: Any) -> Any:
        def publish(self: Any, message: str, subject: str | None = None, **more: Any) -> str:
            notices.record(self.name, subject, message)
            message_id: str = original(self, message, subject=subject, **more)
            return message_id

        return publish

    return replace


def _line(notice: Notice) -> str:
    return json.dumps(asdict(notice), ensure_ascii=False)


def _append(path: Path, line: bytes) -> None:
    with path.open("ab", buffering=0) as file:
        before = file.seek(0, os.SEEK_END)
        try:
            while line:  # the last part that fits is written without an error
                line = line[file.write(line) :]
            os.fsync(file.fileno())
        except OSError:
            file.truncate(before)
            raise


def _read(path: Path) -> list[Notice]:
    with usable():
        lines = path.read_bytes().splitlines()
    notices = [_parsed(line) for line in lines]
    if None in notices:
        _set_aside(path, [line for line, notice in zip(lines, notices, strict=True) if not notice])
        write_whole(path, "".join(f"{_line(notice)}\n" for notice in notices if notice))
    return [notice for notice in notices if notice]


def _parsed(line: bytes) -> Notice | None:
    """Parse a line. Return None if it is no notice: damaged, or cut short by a kill."""
    try:
        return Notice(**json.loads(line))
    except (ValueError, TypeError, RecursionError):  # the last: nested too deeply
        return None


def _set_aside(path: Path, lines: list[bytes]) -> None:
    aside = path.with_name("notices.broken")
    with aside.open("ab") as file:
        file.writelines(line + b"\n" for line in lines)
    log.warning("%s: %d lines are no notices and are kept in %s.", path, len(lines), aside)
