"""Who is connected to a local server of threads: how many may be, and for how long.

A thread a connection answers a busy caller soonest (waitress, whose threads take requests from one
that reads them, took 8 to 13 % longer at 8 clients), but slow callers must not hold them: a
request has to come whole in time, and who calls when every place is taken gets that of a caller
who has asked nothing yet.
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
from http.server import BaseHTTPRequestHandler
from typing import Any

log = logging.getLogger("localcloud")


@dataclass(frozen=True)
class Limits:
    """The connections, the seconds that a request may take to come, and those between two."""

    connections: int = 128
    read_seconds: float = 10
    idle_seconds: float = 60


USUAL = Limits()


class Phase(Enum):
    IDLE = auto()
    READING = auto()
    WORKING = auto()


@dataclass
class Caller:
    """A connection, and what it does since when (monotonic seconds)."""

    connection: socket.socket
    phase: Phase = Phase.IDLE
    since: float = field(default_factory=time.monotonic)
    late: bool = False

    def enter(self, phase: Phase) -> None:
        self.phase, self.since = phase, time.monotonic()

    def standing(self) -> tuple[bool, float]:
        """Return who gives way first: half a request before none, the older before the newer."""
        return self.phase is Phase.IDLE, self.since

    def is_late(self, now: float, limits: Limits) -> bool:
        allowed = {Phase.IDLE: limits.idle_seconds, Phase.READING: limits.read_seconds}
        return now - self.since > allowed.get(self.phase, float("inf"))


class Bounded(socketserver.ThreadingMixIn):
    """A server with limits; `full` is what it sends when all of its callers are being served."""

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
        waiting = [one for one in self._callers.values() if one.phase is not Phase.WORKING]
        if waiting:
            first = min(waiting, key=Caller.standing)
            del self._callers[first.connection]
            _stop_reading(first, socket.SHUT_RDWR)
        return bool(waiting)

    def service_actions(self) -> None:
        """Stop waiting for those who take too long; called twice a second."""
        now = time.monotonic()
        with self._lock:
            late = [one for one in self._callers.values() if one.is_late(now, self.limits)]
        for one in late:
            if not one.late:
                one.late = True
                _stop_reading(one, socket.SHUT_RD)

    def close_request(self, request: Any) -> None:
        with self._lock:
            self._callers.pop(request, None)
        super().close_request(request)  # type: ignore[misc]

    def handle_error(self, *_: Any) -> None:
        """Log a fault by its name: a traceback has what was sent. Callers who leave are none."""
        fault = sys.exc_info()[1]
        if not isinstance(fault, OSError):
            log.warning("a connection ended with %s", type(fault).__name__)


def _stop_reading(caller: Caller, how: int) -> None:
    """Wake the thread that waits for the caller: it reads the end of the stream."""
    with suppress(OSError):  # it may have left by itself
        caller.connection.shutdown(how)


class Phased(BaseHTTPRequestHandler):
    """A handler that tells what its connection is doing."""

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
