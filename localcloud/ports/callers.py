"""Connections of a local server: a limited number of threads, each with limited time.

A thread for each connection answers a busy caller soonest (waitress, with one reading thread, took
8 to 13 % longer at 8 clients). Slow callers must not hold the threads: a request must come whole
in time, and its answer must be received in time. When all places are taken, a new caller gets the
place of one that has asked nothing yet or does not receive its answer.
"""

import logging
import socket
import socketserver
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

log = logging.getLogger("localcloud")


@dataclass(frozen=True)
class Limits:
    """The connections, the seconds that a request may take to come, those between two, and those
    that its caller may take to receive the answer.
    """

    connections: int = 128
    read_seconds: float = 10
    idle_seconds: float = 60
    answer_seconds: float = 10


USUAL = Limits()


class Phase(Enum):
    IDLE = auto()
    READING = auto()
    WORKING = auto()
    ANSWERING = auto()


@dataclass
class Caller:
    """A connection, its state, and since when (monotonic seconds)."""

    connection: socket.socket
    phase: Phase = Phase.IDLE
    since: float = field(default_factory=time.monotonic)
    late: bool = False

    def enter(self, phase: Phase) -> None:
        self.phase, self.since = phase, time.monotonic()

    def standing(self) -> tuple[int, float]:
        """Return who gives way first: who does not receive an answer, then half a request before
        none, the older before the newer.
        """
        return (Phase.ANSWERING, Phase.READING, Phase.IDLE).index(self.phase), self.since

    def gives_way(self, now: float, limits: Limits) -> bool:
        """Return whether another caller may have this one's place."""
        if self.phase is Phase.ANSWERING:
            return now - self.since > limits.answer_seconds / 5
        return self.phase is not Phase.WORKING

    def is_late(self, now: float, limits: Limits) -> bool:
        allowed = {
            Phase.IDLE: limits.idle_seconds,
            Phase.READING: limits.read_seconds,
            Phase.ANSWERING: limits.answer_seconds,
        }
        return now - self.since > allowed.get(self.phase, float("inf"))


class Bounded(socketserver.ThreadingMixIn):
    """A server with a limited number of connections; `full` is the answer when all are being
    served.
    """

    daemon_threads = True
    limits = USUAL
    full = b""

    def __init__(self, *args: Any, **more: Any) -> None:
        self._callers: dict[socket.socket, Caller] = {}
        self._lock = threading.Lock()
        super().__init__(*args, **more)

    def caller(self, connection: socket.socket) -> Caller:
        with self._lock:
            return self._callers.get(connection) or Caller(connection)

    def is_full(self) -> bool:
        """Return whether all places are taken: whoever has its answer then leaves, however many
        requests it has sent already.
        """
        return len(self._callers) >= self.limits.connections

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            admitted = len(self._callers) < self.limits.connections or self._make_room()
            if admitted:
                self._callers[request] = Caller(request)
        if admitted:
            super().process_request(request, client_address)
        else:
            request.send(self.full)
            self.shutdown_request(request)  # type: ignore[attr-defined]

    def _make_room(self) -> bool:
        now = time.monotonic()
        waiting = [one for one in self._callers.values() if one.gives_way(now, self.limits)]
        if waiting:
            first = min(waiting, key=Caller.standing)
            del self._callers[first.connection]
            _wake(first, socket.SHUT_RDWR)
        return bool(waiting)

    def service_actions(self) -> None:
        """Stop waiting for those who take too long; called twice a second."""
        now = time.monotonic()
        with self._lock:
            late = [one for one in self._callers.values() if one.is_late(now, self.limits)]
        for one in late:
            if not one.late:
                one.late = True
                answering = one.phase is Phase.ANSWERING
                _wake(one, socket.SHUT_RDWR if answering else socket.SHUT_RD)

    def close_request(self, request: Any) -> None:
        with self._lock:
            self._callers.pop(request, None)
        super().close_request(request)  # type: ignore[misc]

    def handle_error(self, *_: Any) -> None:
        """Log a fault by its name only, as a traceback quotes the request. A caller who leaves is
        no fault.
        """
        fault = sys.exc_info()[1]
        if not isinstance(fault, OSError):
            log.warning("a connection ended with %s", type(fault).__name__)


def _wake(caller: Caller, how: int) -> None:
    """Wake the thread that waits for the caller: it reads the end of the stream, and can write to
    it no more if `how` shuts both directions.
    """
    with suppress(OSError):  # it may have left by itself
        caller.connection.shutdown(how)


class _HeaderLines:
    """Reader of a request's headers that remembers the last line."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.last = b""

    def readline(self, size: int = -1) -> bytes:
        self.last = self._stream.readline(size)
        return self.last


class Phased(BaseHTTPRequestHandler):
    """A handler that records the state of its connection."""

    caller: Caller

    def setup(self) -> None:
        super().setup()
        self.caller = self.server.caller(self.connection)  # type: ignore[attr-defined]

    def handle_one_request(self) -> None:
        self.caller.enter(Phase.IDLE)
        if not self.rfile.peek(1):  # type: ignore[attr-defined]
            self.close_connection = True
            return
        self.caller.enter(Phase.READING)
        super().handle_one_request()

    def parse_request(self) -> bool:
        """Refuse headers without the empty line that ends them: http.client takes the end of the
        stream for it, and half a request would be carried out.
        """
        stream: Any = self.rfile
        lines = _HeaderLines(stream)
        self.rfile = lines  # type: ignore[assignment]
        try:
            parsed = super().parse_request()
        finally:
            self.rfile = stream
        if parsed and lines.last not in (b"\r\n", b"\n"):
            late = self.caller.late
            self.send_error(HTTPStatus.REQUEST_TIMEOUT if late else HTTPStatus.BAD_REQUEST)
            return False
        return parsed
