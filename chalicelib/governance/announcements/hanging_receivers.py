"""Receivers that take a call and do not answer: each holds one of the queue's few places for
seconds, so after two such calls it is left alone for a while.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

HUNG_CALLS = 2  # in a row
SECONDS_ALONE = 30.0  # then one call tries again


@dataclass(slots=True)
class HangingReceivers:
    """The receivers that hang, as this process knows them. `clock` gives seconds."""

    clock: Callable[[], float]
    _hung: dict[str, int] = field(default_factory=dict)  # calls in a row
    _until: dict[str, float] = field(default_factory=dict)
    _changing: threading.Lock = field(default_factory=threading.Lock)

    def may_be_called(self, name: str) -> bool:
        """Return whether a receiver may be called. After its time alone it is true once, for the
        call that tries again.
        """
        with self._changing:
            if self._hung.get(name, 0) < HUNG_CALLS:
                return True
            if self.clock() < self._until[name]:
                return False
            self._until[name] = self.clock() + SECONDS_ALONE
            return True

    def answered(self, name: str) -> None:
        with self._changing:
            self._hung.pop(name, None)

    def hung(self, name: str) -> None:
        with self._changing:
            self._hung[name] = self._hung.get(name, 0) + 1
            self._until[name] = self.clock() + SECONDS_ALONE
