"""Circuit of one model's endpoint: while the endpoint hangs, callers do not wait for it.

The circuit opens after three time-outs in a row, over more time than a cold start takes: an
endpoint that is starting must not look broken. While it is open, one caller at a time tests the
endpoint. Any answer closes the circuit, an error included.

The state is the process's memory, so each container of a function counts for itself. Reasons, also
for writing it: docs/decisions/0007-a-circuits-state-is-one-containers-memory.md.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chalicelib.errors import CircuitOpen, EndpointTimeout
from chalicelib.scoring.time_budgets import COLD_START_SECONDS

FEWEST = 3  # time-outs in a row
PAUSE_SECONDS = 10.0  # from one test of an endpoint to the next; longer than one of them takes
FORGOTTEN_SECONDS = 60.0  # without a call; earlier time-outs then no longer count


class Circuit:
    """The circuit of one endpoint, for the threads of one process."""

    _is_open: bool
    _timeouts: int
    _silent_since: float
    _next_test: float

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        cold_start: float = COLD_START_SECONDS,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self._clock = clock
        self._cold_start = cold_start
        self._pause = pause
        self._lock = threading.Lock()
        self._answered = self._called = float("-inf")
        self._close()

    @contextmanager
    def calling(self, endpoint: str) -> Iterator[None]:
        """Count the result of the call inside. Raises CircuitOpen if the circuit is open."""
        started = self._admit(endpoint)
        try:
            yield
        except EndpointTimeout:
            self._timed_out(started)
            raise
        except Exception:
            self._answer()
            raise
        self._answer()

    def _admit(self, endpoint: str) -> float:
        with self._lock:
            now = self._clock()
            if now - self._called >= FORGOTTEN_SECONDS:
                self._close()
            if self._is_open and now < self._next_test:
                raise CircuitOpen(f"{endpoint} timed out {self._timeouts} times: not asked.")
            self._next_test = now + self._pause
            self._called = now
            return now

    def _timed_out(self, started: float) -> None:
        with self._lock:
            if started < self._answered:
                return  # others were answered meanwhile
            now = self._called = self._clock()
            self._timeouts += 1
            self._silent_since = min(self._silent_since, started)
            is_silent_for = now - self._silent_since
            self._is_open = self._timeouts >= FEWEST and is_silent_for > self._cold_start
            self._next_test = now + self._pause

    def _answer(self) -> None:
        with self._lock:
            self._answered = self._clock()
            self._close()

    def _close(self) -> None:
        self._is_open = False
        self._timeouts = 0
        self._silent_since = float("inf")
        self._next_test = float("-inf")
