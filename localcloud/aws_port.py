"""The port that speaks AWS, on 127.0.0.1 and nowhere else."""

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlparse

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

LOOPBACK = "127.0.0.1"
LOCAL = (LOOPBACK, "localhost")


class PortTaken(Exception):
    pass


class QuietHandler(MotoRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class AwsPort:
    """`serving`: what answers before moto does."""

    def __init__(self, port: int, serving: Callable[[Any], Any] = lambda moto: moto) -> None:
        listening = _listen(port)
        moto = DomainDispatcherApplication(create_backend_app)
        application = for_local_programs(serving(moto))
        self._server: BaseWSGIServer = make_server(
            LOOPBACK,
            listening.getsockname()[1],
            application,
            threaded=True,
            request_handler=QuietHandler,
            fd=listening.detach(),
        )
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, name="aws", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def for_local_programs(application: Any) -> Callable[..., Iterable[bytes]]:
    """moto allows every origin and can be reset by URL: a web page that is open in a browser on
    this machine could read and empty the tables."""

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if _is_local(environ) and not _is_motos_own(environ):
            return application(environ, start_response)  # type: ignore[no-any-return]
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"This port is for AWS requests of programs on this machine.\n"]

    return guarded


def _is_local(environ: dict[str, Any]) -> bool:
    """Neither a page's request (`null` is a sandboxed page's origin) nor another name for us."""
    origin = environ.get("HTTP_ORIGIN")
    host = urlparse(f"//{environ.get('HTTP_HOST', LOOPBACK)}").hostname or ""
    return (origin is None or urlparse(origin).hostname in LOCAL) and (
        host in LOCAL or host.endswith(".localhost")
    )


def _is_motos_own(environ: dict[str, Any]) -> bool:
    return str(environ.get("PATH_INFO", "")).startswith("/moto-api")


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
    except OSError as error:
        listening.close()
        raise PortTaken(
            f"port {port} of {LOOPBACK} is taken; stop its owner, or set AWS_PORT to another"
        ) from error
    listening.listen(128)
    return listening
