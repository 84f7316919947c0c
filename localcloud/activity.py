import threading
from collections.abc import Iterator
from contextlib import contextmanager


class StillBusy(Exception):
    """Something asynchronous lasted longer than the caller would wait."""


class Activity:
    """The work under way in the background, so that a caller can wait for its end."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way: list[str] = []

    def begin(self, what: str) -> None:
        with self._changed:
            self._under_way.append(what)

    def end(self, what: str) -> None:
        with self._changed:
            self._under_way.remove(what)
            self._changed.notify_all()

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        self.begin(what)
        try:
            yield
        finally:
            self.end(what)

    def wait_until_idle(self, timeout_seconds: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._under_way, timeout_seconds):
                raise StillBusy(
                    f"after {timeout_seconds:g} s still under way: {', '.join(self._under_way)}; "
                    "allow more time, or read the log of 'localcloud' for what it is doing"
                )
