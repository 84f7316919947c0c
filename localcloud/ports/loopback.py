"""The address that the local ports listen on, and who may call there."""

import socket
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
LOCAL = (LOOPBACK, "localhost", "::1")


class PortTaken(Exception):
    """Another process listens on the port."""


def is_local(environ: dict[str, Any]) -> bool:
    """Return whether a program on this machine calls, by a name of this machine.

    A page of another site is refused by its Origin (`null` is a sandboxed page's), or, where a
    browser sends none, by Sec-Fetch-Site; a name that was made to resolve to this address (DNS
    rebinding), by its Host. The port may differ: a tunnel has its own.
    """
    return is_local_host(environ.get("HTTP_HOST", LOOPBACK)) and is_local_page(environ)


def is_visit(environ: dict[str, Any]) -> bool:
    """Return whether a browser opens an address of this machine in a window, from a link anywhere.

    The page that has the link reads nothing of the answer.
    """
    kind = (environ.get("HTTP_SEC_FETCH_MODE"), environ.get("HTTP_SEC_FETCH_DEST"))
    opens = environ.get("REQUEST_METHOD") == "GET" and kind == ("navigate", "document")
    return opens and is_local_host(environ.get("HTTP_HOST", ""))


def is_local_page(environ: dict[str, Any]) -> bool:
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return bool(environ.get("HTTP_SEC_FETCH_SITE") != "cross-site")
    scheme, _, host = origin.partition("://")
    return scheme in ("http", "https") and is_local_host(host)


def is_local_host(authority: str) -> bool:
    """Return whether the host of HOST or HOST:PORT is this machine. *.localhost is, too."""
    if any(one in authority for one in "@/?#,\\ "):
        return False
    try:
        parts = urlsplit(f"//{authority}")
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    return host in LOCAL or host.endswith(".localhost")


def listen(port: int, setting: str) -> socket.socket:
    """Return a socket that listens on the port, 0 for a free one; `setting` chooses another.
    Raises PortTaken.
    """
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
    except OSError as error:
        listening.close()
        raise PortTaken(
            f"Port {port} is already in use. Stop the process that uses it, or choose another port "
            f"with {setting}={port + 1}."
        ) from error
    listening.listen(1024)
    return listening
