"""One call of a webhook: HTTPS to a public address, no redirects, seconds to answer.

Whoever may subscribe must not reach what only our functions reach, such as Lambda's runtime on
127.0.0.1. The address that was checked is the one that is called, whatever the name says later.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 7.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")
AGENT = "AppVengers-Webhooks/1"

Resolve = Callable[[str, int], list[Any]]


class NotCalled(Exception):
    """A call that got no answer. Its text is a word for the log, and never has the address."""


def resolved(host: str, port: int) -> list[Any]:
    """Resolve a name. Functions outside of a VPC reach IPv4 alone."""
    return socket.getaddrinfo(host, port, family=socket.AF_INET, type=socket.SOCK_STREAM)


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    local_too: bool,
    resolve: Resolve = resolved,
) -> int:
    """Send a call and return the answer's status. Raises NotCalled.

    `local_too`: HTTP to this machine is allowed, as on the embedded cloud.
    """
    parts = _parts(url)
    try:
        connection = _connection(parts, local_too=local_too, resolve=resolve)
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        sent = {"Content-Type": "application/json", "User-Agent": AGENT, **headers}
        try:
            connection.connect()
            with _ended_in_time(connection):
                connection.request("POST", target, body, sent)
                return connection.getresponse().status  # nothing looks at the answer's body
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as fault:
        raise NotCalled(type(fault).__name__) from None  # its text may have the address


@contextmanager
def _ended_in_time(connection: http.client.HTTPConnection) -> Iterator[None]:
    """Cut the connection after ANSWER_SECONDS, however slowly bytes come."""

    def cut() -> None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(ANSWER_SECONDS, cut)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def fault_of(url: str, *, local_too: bool) -> str:
    """Return why an address can't be subscribed; empty if it can."""
    try:
        parts = _parts(url)
    except NotCalled:
        return "it is no URL"
    if _is_local(parts):
        return "" if local_too else "it must be https://"
    if parts.scheme != "https":
        return "it must be https://"
    if parts.username or parts.password:
        return "it must have no name and password"
    return "" if _may_be_public(str(parts.hostname)) else "it must be on the internet"


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise NotCalled("address") from None
    if not parts.hostname or not url.isascii() or any(one <= " " for one in url):
        raise NotCalled("address")
    return parts


def _is_local(parts: SplitResult) -> bool:
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def _connection(
    parts: SplitResult, *, local_too: bool, resolve: Resolve
) -> http.client.HTTPConnection:
    host = str(parts.hostname)
    if local_too and _is_local(parts):
        return http.client.HTTPConnection(host, parts.port, timeout=ANSWER_SECONDS)
    if parts.scheme != "https":
        raise NotCalled("scheme")
    port = parts.port or http.client.HTTPS_PORT
    addresses = [str(one[4][0]) for one in resolve(host, port)]
    if not addresses or not all(map(_is_public, addresses)):
        raise NotCalled("private")
    return _Pinned(host, port, addresses[0])


def _may_be_public(host: str) -> bool:
    """Return whether a host may be called: a name is resolved at each call, not before."""
    try:
        return _is_public(host)
    except ValueError:  # it is a name
        return host != "localhost" and not host.endswith(".localhost")


def _is_public(address: str) -> bool:
    """Return whether an address is one of the internet. One of IPv4 in IPv6 is what it carries."""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return bool((inner or found).is_global) and not found.is_multicast


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Pinned(http.client.HTTPSConnection):
    """A connection to a checked address, with the certificate of the name."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=ANSWER_SECONDS, context=_trust())
        self._address = address

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), CONNECT_SECONDS)
        plain.settimeout(ANSWER_SECONDS)
        self.sock = _trust().wrap_socket(plain, server_hostname=self.host)
