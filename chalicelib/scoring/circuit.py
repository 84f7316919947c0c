"""Circuit of one model's endpoint: while the endpoint hangs, callers do not wait for it.

The circuit opens after two time-outs in a row, of one caller or of two, once the endpoint has been
silent for longer than a cold start. After a time-out, a throttled call counts as one.
Whoever came before keeps the whole of its time and its second attempt, because an endpoint that is
starting is silent, too.
Whoever comes later is answered without the model at once, but for one caller in five seconds, whose
call is a test: it waits a second for the endpoint. Any answer closes the circuit, an error
included.

The state is the process's memory, so each container of a function counts for itself. Reasons, also
for writing it: docs/decisions/0007-a-circuits-state-is-one-containers-memory.md.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chalicelib.foundation.errors import CircuitOpen, EndpointThrottled, EndpointTimeout

FEWEST = 2  # time-outs in a row
SILENT_SECONDS = 16.0  # a start of so long is waited for by all; 3.5 to 6.9 s were measured
PAUSE_SECONDS = 5.0  # from one test of an endpoint to the next; longer than one of them takes
FORGOTTEN_SECONDS = 300.0  # without a call; earlier time-outs then no longer count
CLOSED = float("inf")


class Circuit:
    """The circuit of one endpoint, for the threads of one process."""

    _timeouts: int
    _opened: float
    _silent_since: float
    _next_test: float

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, silent: float = SILENT_SECONDS
    ) -> None:
        self._clock = clock
        self._silent = silent
        self._lock = threading.Lock()
        self._answered = self._called = float("-inf")
        self._close()

    @contextmanager
    def calling(self, endpoint: str, waited: float = 0) -> Iterator[bool]:
        """Count the result of the call inside, and yield whether that call is a test.

        `waited` is the time in seconds since the caller came. Raises CircuitOpen if the circuit is
        open, and instead of a test's time-out.
        """
        started, is_test = self._admit(endpoint, waited)
        try:
            yield is_test
        except EndpointTimeout as fault:
            self._timed_out(started)
            if is_test:
                raise CircuitOpen(f"{endpoint} did not answer a test.") from fault
            raise
        except EndpointThrottled as fault:
            self._throttled(started)
            if is_test:
                raise CircuitOpen(f"{endpoint} had no place for a test.") from fault
            raise
        except Exception:
            self._answer()
            raise
        self._answer()

    def _admit(self, endpoint: str, waited: float) -> tuple[float, bool]:
        with self._lock:
            now = self._clock()
            if now - self._called >= FORGOTTEN_SECONDS:
                self._close()
            came_later = now - waited >= self._opened
            if came_later:
                if now < self._next_test:
                    raise CircuitOpen(f"{endpoint} timed out {self._timeouts} times: not called.")
                self._next_test = now + PAUSE_SECONDS
            self._called = now
            return now, came_later

    def _throttled(self, started: float) -> None:
        """Count a throttled call only after a time-out: the call that timed out keeps its place.

        Without a time-out it is no silence: the endpoint's places are taken by others.
        """
        if self._timeouts:
            self._timed_out(started)

    def _timed_out(self, started: float) -> None:
        with self._lock:
            if started < self._answered:
                return  # others were answered meanwhile
            now = self._called = self._clock()
            self._timeouts += 1
            self._silent_since = min(self._silent_since, started)
            if self._timeouts >= FEWEST and self._opened == CLOSED:
                self._opened = max(now, self._silent_since + self._silent)
                self._next_test = self._opened + PAUSE_SECONDS

    def _answer(self) -> None:
        with self._lock:
            self._answered = self._clock()
            self._close()

    def _close(self) -> None:
        self._opened = CLOSED
        self._timeouts = 0
        self._silent_since = float("inf")
        self._next_test = float("-inf")
