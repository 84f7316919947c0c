import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

log = logging.getLogger("localcloud")


@dataclass(frozen=True)
class Notice:
    time: str
    topic: str
    subject: str | None
    message: str


class Notices(list[Notice]):
    """What was published on any topic, oldest first: the mailbox of the one who runs the bank."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder and folder / "notices.jsonl"
        super().__init__(_read(self._path) if self._path and self._path.exists() else [])

    def record(self, topic: str, subject: str | None, message: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        notice = Notice(now, topic, subject, message)
        if self._path:
            with self._path.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(notice), ensure_ascii=False) + "\n")
        self.append(notice)


def recorded_in(notices: Notices) -> Callable[[Any], Any]:
    """For moto's Topic.publish."""

    def replace(original: Any) -> Any:
        def publish(self: Any, message: str, subject: str | None = None, **more: Any) -> str:
            notices.record(self.name, subject, message)
            message_id: str = original(self, message, subject=subject, **more)
            return message_id

        return publish

    return replace


def _read(path: Path) -> list[Notice]:
    notices = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            notices.append(Notice(**json.loads(line)))
        except json.JSONDecodeError:
            # a line cut short by the death of the process was never answered for
            log.warning("%s: an incomplete line was left out: %.60s", path, line)
    return notices
