"""Circuit of one model's endpoint: while the endpoint hangs, callers do not wait for it.

A silent endpoint may be starting, so the circuit is patient with a cold endpoint and not with a
warm one, which has answered this process in the last two minutes.

- Cold: the circuit opens after two time-outs in a row, of one caller or of two, once the endpoint
  has been silent for longer than a cold start. Whoever came before keeps the whole of its time and
  its second attempt.
- Warm: two time-outs in a row open the circuit at once.
- Watched, for a minute after the circuit was open, and after two long silences of a warm endpoint
  within a minute: each call waits a second, and the first time-out opens the circuit. The watch
  ends when a call times out while others are answered: a further container is starting.

After a time-out, a throttled call counts as one. Whoever comes to an open circuit is answered
without the model at once, but for one caller in five seconds, whose call is a test: it waits a
second for the endpoint. Any answer closes the circuit, an error included.

The state is the process's memory, so each container of a function counts for itself. Reasons, also
for writing it: docs/decisions/0007-a-circuits-state-is-one-containers-memory.md.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chalicelib.foundation.errors import CircuitOpen, EndpointThrottled, EndpointTimeout

FEWEST = 2  # time-outs in a row, or long silences
SILENT_SECONDS = 16.0  # a start of so long is waited for by all; 3.5 to 6.9 s were measured
PAUSE_SECONDS = 5.0  # from one test of an endpoint to the next; longer than one of them takes
FORGOTTEN_SECONDS = 300.0  # without a call; earlier time-outs then no longer count
WARM_SECONDS = 120.0  # since the last answer; AWS does not say when it stops an idle container
WATCHED_SECONDS = 60.0
SLOW_SECONDS = 4.0  # an answer of a warm endpoint that took so long is a long silence before it
ALIVE_SECONDS = 0.5  # since an answer to others: the endpoint of a short call is not silent
CLOSED = float("inf")
NEVER = float("-inf")


@dataclass(frozen=True)
class Call:
    """A call that was let through: when it started, and how the endpoint was then."""

    started: float
    is_warm: bool
    is_short: bool
    is_test: bool


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
        self._answered = self._called = self._last_silence = self._watched_until = NEVER
        self._close()

    @contextmanager
    def calling(self, endpoint: str, waited: float = 0) -> Iterator[bool]:
        """Count the result of the call inside, and yield whether that call waits a second only.

        `waited` is the time in seconds since the caller came. Raises CircuitOpen if the circuit is
        open, and instead of a time-out of a test, or of a short call that opened the circuit.
        """
        call = self._admit(endpoint, waited)
        try:
            yield call.is_short
        except (EndpointTimeout, EndpointThrottled) as fault:
            is_open = self._failed(call, isinstance(fault, EndpointThrottled))
            if call.is_test or (call.is_short and is_open):
                raise CircuitOpen(f"{endpoint} did not answer within a second.") from fault
            raise
        except Exception:
            self._answer(call)
            raise
        self._answer(call)

    def _admit(self, endpoint: str, waited: float) -> Call:
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
            is_warm = now - self._answered < WARM_SECONDS
            return Call(now, is_warm, came_later or now < self._watched_until, came_later)

    def _failed(self, call: Call, throttled: bool) -> bool:
        """Count a time-out, or a throttled call after one, and return whether the circuit is open.

        Without a time-out a throttled call is no silence: the endpoint's places are taken by
        others. After one, the call that timed out keeps its place.
        """
        with self._lock:
            now = self._clock()
            if (self._timeouts or not throttled) and not self._others_answered(call, now):
                self._called = now
                self._timeouts += 1
                self._silent_since = min(self._silent_since, call.started)
                self._watch_after_silence(call, now)
                if self._opened == CLOSED:
                    self._open_if_due(call, now)
            return now >= self._opened

    def _others_answered(self, call: Call, now: float) -> bool:
        """Return whether others were answered during the call: a further container is starting."""
        if not call.is_short or call.is_test:
            return call.started < self._answered
        is_alive = now - self._answered < ALIVE_SECONDS
        if is_alive:
            self._watched_until = NEVER
        return is_alive

    def _open_if_due(self, call: Call, now: float) -> None:
        is_second = self._timeouts >= FEWEST
        if call.is_short or (is_second and call.is_warm):
            self._opened, self._watched_until = now, now + WATCHED_SECONDS
        elif is_second:
            self._opened = max(now, self._silent_since + self._silent)
        self._next_test = self._opened + PAUSE_SECONDS

    def _watch_after_silence(self, call: Call, now: float) -> None:
        """Watch a warm endpoint from its second long silence within a minute on."""
        if call.is_warm:
            if now - self._last_silence < WATCHED_SECONDS:
                self._watched_until = now + WATCHED_SECONDS
            self._last_silence = now

    def _answer(self, call: Call) -> None:
        with self._lock:
            now = self._clock()
            if now - call.started >= SLOW_SECONDS and call.started >= self._answered:
                self._watch_after_silence(call, now)
            if now >= self._opened:
                self._watched_until = now + WATCHED_SECONDS
            self._answered = now
            self._close()

    def _close(self) -> None:
        self._opened = CLOSED
        self._timeouts = 0
        self._silent_since = float("inf")
        self._next_test = NEVER
