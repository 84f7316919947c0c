"""The port that speaks AWS, on 127.0.0.1 and nowhere else."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import ThreadedWSGIServer

from localcloud.iam.presigned_requests import as_presigned
from localcloud.iam.signatures import signed_only
from localcloud.ports.callers import Bounded, Limits, Phase, Phased
from localcloud.ports.framing import REPEATED, Unreadable, body_length, check_headers, repeated
from localcloud.ports.http_methods import known_methods
from localcloud.ports.loopback import LOOPBACK, is_local, listen
from localcloud.ports.refusals import in_protocol

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html
LARGEST_OBJECT = 5 * 2**30


class AwsHandler(Phased, MotoRequestHandler):
    timeout = 60  # between two pieces of a body, which moto reads

    def run_wsgi(self) -> None:
        try:
            check_headers(self.headers, self.request_version)
            body_length(self.headers, largest=LARGEST_OBJECT)
        except Unreadable as fault:
            self.send_error(fault.status)
            return
        self.caller.enter(Phase.WORKING)
        super().run_wsgi()

    def make_environ(self) -> dict[str, Any]:
        return super().make_environ() | {REPEATED: repeated(self.headers)}

    def send_response(self, code: Any, message: str | None = None) -> None:
        self.caller.enter(Phase.ANSWERING)
        super().send_response(code, message)

    def send_error(self, code: int, *_: Any, **__: Any) -> None:
        """Answer with the status alone, as AWS's load balancers do to what is not HTTP: http.server
        would quote the request in HTML.
        """
        self.request_version = "HTTP/1.1"  # not known yet if the first line makes no sense
        self.close_connection = True
        self.caller.enter(Phase.ANSWERING)
        self.send_response_only(code)
        for name, value in (("Content-Length", "0"), ("Connection", "close")):
            self.send_header(name, value)
        self.end_headers()

    def version_string(self) -> str:
        """Name neither werkzeug nor Python. DynamoDB says the same of itself."""
        return "Server"

    def log(self, *_: Any) -> None:
        """Log nothing: keys of S3 and rows may name a person."""


class AwsServer(Bounded, ThreadedWSGIServer):
    """moto's own server, with limits. AWS's clients try again after a 503."""

    limits = Limits(connections=256, read_seconds=30, answer_seconds=60)
    full = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class AwsPort:
    """`serving`: what answers before moto does. `secret_of` an access key: of who presigns."""

    def __init__(
        self, port: int, serving: Callable[[Any], Any], secret_of: Callable[[str], str | None]
    ) -> None:
        listening = listen(port, "AWS_PORT")
        moto = DomainDispatcherApplication(create_backend_app)
        checked = signed_only(as_presigned(known_methods(moto), secret_of))
        application = for_local_programs(in_protocol(serving(checked)))
        self._server = AwsServer(
            LOOPBACK,
            listening.getsockname()[1],
            application,
            AwsHandler,
            fd=listening.detach(),
        )
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, name="aws", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def for_local_programs(application: Any) -> Callable[..., Iterable[bytes]]:
    """Refuse requests of web pages: moto allows every origin and can be reset by URL, so a page in
    this machine's browser could read and empty the tables.
    """

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if is_local(environ) and not _is_motos_own(environ):
            return application(environ, start_response)  # type: ignore[no-any-return]
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"This port is for AWS requests of programs on this machine.\n"]

    return guarded


def _is_motos_own(environ: dict[str, Any]) -> bool:
    return str(environ.get("PATH_INFO", "")).startswith("/moto-api")
