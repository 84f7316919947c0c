"""Refusals of the AWS port in the protocol of the service that was asked.

moto answers a cut body and a path that no service has in HTML, and a fault with a traceback, whose
last line may quote what was sent. AWS never answers in HTML.
"""

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from botocore.model import OperationNotFoundError

from localcloud.iam.signatures import INCOMPLETE_BODY, error_of
from localcloud.ports.http_methods import UNKNOWN

log = logging.getLogger("localcloud")

Application = Callable[..., Iterable[bytes]]

FAULT = ("InternalError", "The request could not be processed.")
CUT = (INCOMPLETE_BODY, "The body is not as long as its headers say.")
OF_HTML: dict[int, tuple[str, str]] = {HTTPStatus.BAD_REQUEST: CUT, HTTPStatus.NOT_FOUND: UNKNOWN}


def in_protocol(application: Application) -> Application:
    """Return `application` with its faults and its HTML errors in the service's protocol. The log
    gets a fault's name.
    """

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            started[:] = [status, headers]

        try:
            body = application(environ, start)
        except Exception as fault:  # noqa: BLE001 - the edge of the port
            return _refuse(environ, start_response, *_error_for(fault, environ))
        status, headers = started
        number = int(status[:3])
        if number >= HTTPStatus.BAD_REQUEST and _is_html(headers):
            return _refuse(environ, start_response, number, OF_HTML.get(number, FAULT))
        start_response(status, headers)
        return body

    return guarded


def _error_for(fault: Exception, environ: dict[str, Any]) -> tuple[int, tuple[str, str]]:
    """Return the status, and the error's code and message."""
    if isinstance(fault, OperationNotFoundError):
        return HTTPStatus.BAD_REQUEST, UNKNOWN
    # werkzeug's reader of chunks raises an OSError without a number
    if type(fault) is OSError and not fault.errno and "HTTP_TRANSFER_ENCODING" in environ:
        return HTTPStatus.BAD_REQUEST, CUT
    log.warning("a request on the AWS port ended with %s", type(fault).__name__)
    return HTTPStatus.INTERNAL_SERVER_ERROR, FAULT


def _refuse(
    environ: dict[str, Any], start_response: Any, status: int, error: tuple[str, str]
) -> Iterable[bytes]:
    kind, body = error_of(environ, *error)
    headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _is_html(headers: Iterable[tuple[str, str]]) -> bool:
    found = {name.lower(): value for name, value in headers}
    return found.get("content-type", "").startswith("text/html")
