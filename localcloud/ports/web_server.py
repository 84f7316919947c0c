"""A local HTTP server for a WSGI application, strict about what it reads."""

import io
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import HTTPServer
from typing import Any

from localcloud.ports.callers import USUAL, Bounded, Limits, Phase, Phased
from localcloud.ports.framing import (
    REPEATED,
    Unreadable,
    body_length,
    check_headers,
    chunked_body,
    repeated,
)
from localcloud.ports.loopback import listen

# Request line and headers, as API Gateway has it: https://docs.aws.amazon.com/apigateway/latest/
# developerguide/api-gateway-execution-service-limits-table.html
LARGEST_HEADERS = 10_240
# Their length would be that of a body which they do not have (RFC 9110, section 8.6).
BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)

Headers = dict[str, str]
# What is answered instead of a status of the server's: status, headers, body.
Explained = Callable[[int], tuple[int, Headers, bytes]]


class Handler(Phased):
    """One connection. Its answers go out in one segment: with Nagle's algorithm a kept-alive
    request takes 44 ms.
    """

    server: "Server"
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # whatever the method: the application knows which there are
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        try:
            environ = self._environ()
        except Unreadable as fault:
            self.send_error(fault.status)
            return
        self.caller.enter(Phase.WORKING)
        started: list[Any] = []
        body = b"".join(self.server.application(environ, lambda *given: started.extend(given)))
        status, headers = started
        self._send(int(status.split()[0]), dict(headers), body)

    def send_error(self, code: int, *_: Any, **__: Any) -> None:
        """Answer what http.server would answer in HTML."""
        self.close_connection = True  # the unread would be the next request
        status = HTTPStatus.REQUEST_TIMEOUT if self.caller.late else code
        self._send(*self.server.explained(status))

    def _send(self, status: int, headers: Headers, body: bytes) -> None:
        self.caller.enter(Phase.ANSWERING)
        self.request_version = "HTTP/1.1"  # not known yet if the first line makes no sense
        self.send_response_only(status)
        sent = {"Content-Length": str(len(body))} | headers
        if status in BODILESS:
            del sent["Content-Length"]
        for name, value in sent.items():
            self.send_header(name, value)
        self.close_connection |= self.server.is_full()
        if self.close_connection:
            self.send_header("Connection", "close")
        self.send_header("Date", self.date_time_string())
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _environ(self) -> dict[str, Any]:
        """Return the request, whole. Raises Unreadable."""
        if self.request_version not in ("HTTP/1.0", "HTTP/1.1"):
            raise Unreadable(HTTPStatus.BAD_REQUEST)
        check_headers(self.headers, self.request_version)
        lines = [self.requestline, *(f"{name}: {value}" for name, value in self.headers.items())]
        if sum(len(line) + 2 for line in lines) > LARGEST_HEADERS:
            raise Unreadable(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        body = self._body()
        if self.caller.late:
            raise Unreadable(HTTPStatus.REQUEST_TIMEOUT)
        target = self.requestline.split()[1]
        path, _, query = target.partition("?")
        return {
            "REQUEST_METHOD": self.command,
            "REQUEST_URI": target,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": self.server.server_address[0],
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            REPEATED: repeated(self.headers),
        } | self._variables()

    def _variables(self) -> dict[str, str]:
        """Return the headers by their names in WSGI, where X_Y would pass for X-Y."""
        found: dict[str, str] = {}
        for name in {name.lower() for name in self.headers if "_" not in name}:
            known = name.upper().replace("-", "_")
            plain = known in ("CONTENT_TYPE", "CONTENT_LENGTH")
            found[known if plain else f"HTTP_{known}"] = ", ".join(self.headers.get_all(name, []))
        return found

    def _body(self) -> bytes:
        length = body_length(self.headers)
        if self._is_waiting():
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        if length is not None:
            body = self.rfile.read(length)
            if len(body) < length:
                raise Unreadable(HTTPStatus.BAD_REQUEST)
            return body
        return chunked_body(self.rfile)

    def handle_expect_100(self) -> bool:
        """Leave `100 Continue` to `_body`, so that a body that is too large is not sent."""
        return True

    def _is_waiting(self) -> bool:
        expected = self.headers.get("Expect", "").lower()
        return expected == "100-continue" and self.request_version == "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in http.server
        """Log nothing, because paths hold client ids."""


class Server(Bounded, HTTPServer):
    """The server, on a socket that listens already."""

    def __init__(self, application: Any, port: int, explained: Explained, limits: Limits) -> None:
        self.application, self.explained, self.limits = application, explained, limits
        self.full = _raw(*explained(HTTPStatus.SERVICE_UNAVAILABLE))
        listening = listen(port, "PORT")
        super().__init__(listening.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket, self.server_address = listening, listening.getsockname()


def _raw(status: int, headers: Headers, body: bytes) -> bytes:
    shown = headers | {"Content-Length": str(len(body)), "Connection": "close"}
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in shown.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def serving(
    application: Any, port: int, explained: Explained, limits: Limits = USUAL
) -> Iterator[int]:
    """Serve on the loopback address and yield the port; 0 asks for a free one. `explained` says
    what is answered where no request came through. Raises PortTaken.
    """
    server = Server(application, port, explained, limits)
    thread = threading.Thread(target=server.serve_forever, name="api", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
