"""HTTP/1.1's framing, read strictly: where a request's headers and its body end.

Two readers that disagree about an end take the same bytes for different requests, and a line that a
lenient reader skips hides the ones after it. https://www.rfc-editor.org/rfc/rfc9112
"""

import re
from email.errors import (
    CloseBoundaryNotFoundDefect,
    InvalidMultipartContentTransferEncodingDefect,
    MultipartInvariantViolationDefect,
    NoBoundaryInMultipartDefect,
    StartBoundaryNotFoundDefect,
)
from email.message import Message
from http import HTTPStatus
from io import BufferedIOBase

LARGEST_BODY = 10 * 2**20  # as API Gateway has it
LONGEST_LINE = 1024  # of a chunk's size with its extensions, and of a trailer
MOST_TRAILERS = 32
# In WSGI's environ. WSGI joins the values of a repeated header, and API Gateway's event has each.
REPEATED = "localcloud.repeated_headers"

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # a folded line's break is among them
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(;[^\r\n]*)?\r\n")


class Unreadable(Exception):
    """A request that is none, with the status to answer."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


# What the parser misses in the body of a media type that has parts: it has only the headers.
_OF_BODIES = (
    CloseBoundaryNotFoundDefect,
    InvalidMultipartContentTransferEncodingDefect,
    MultipartInvariantViolationDefect,
    NoBoundaryInMultipartDefect,
    StartBoundaryNotFoundDefect,
)


def check_headers(headers: Message, version: str) -> None:
    """Raise Unreadable unless each line is a header and HTTP/1.1 names one host. `headers` are
    http.client's, which drops every line after the first that is no header.
    """
    odd = any(
        not _NAME.fullmatch(name) or _NO_VALUE.search(value) for name, value in headers.items()
    )
    hosts = len(headers.get_all("Host", []))
    defects = [one for one in headers.defects if not isinstance(one, _OF_BODIES)]
    if odd or defects or _is_more(headers) or hosts > 1:
        raise Unreadable(HTTPStatus.BAD_REQUEST)
    if version == "HTTP/1.1" and not hosts:
        raise Unreadable(HTTPStatus.BAD_REQUEST)


def _is_more(headers: Message) -> bool:
    """Return whether lines follow that are no headers. The parser begins the body of a media type
    that has parts, and so puts an empty part there.
    """
    left = headers.get_payload()
    if isinstance(left, list):
        return any(one.keys() or one.get_payload() for one in left if isinstance(one, Message))
    return bool(left)


def body_length(headers: Message, largest: float = LARGEST_BODY) -> int | None:
    """Return the body's length in bytes, and nothing if it comes in chunks. Raises Unreadable."""
    lengths = headers.get_all("Content-Length", [])
    coding = ", ".join(headers.get_all("Transfer-Encoding", [])).strip(" \t").lower()
    if coding not in ("", "chunked"):
        raise Unreadable(HTTPStatus.NOT_IMPLEMENTED)
    if coding and lengths:  # two lengths: another reader may take the other
        raise Unreadable(HTTPStatus.BAD_REQUEST)
    if coding:
        return None
    if lengths and not (len(lengths) == 1 and lengths[0].isascii() and lengths[0].isdigit()):
        raise Unreadable(HTTPStatus.BAD_REQUEST)
    if lengths and (len(lengths[0]) > 15 or int(lengths[0]) > largest):
        raise Unreadable(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return int(lengths[0]) if lengths else 0


def chunked_body(stream: BufferedIOBase) -> bytes:
    """Return the body that comes in chunks, without extensions and trailers. Raises Unreadable,
    before it reads a chunk that would be too much.
    """
    pieces, room = [], LARGEST_BODY
    while size := _chunk_size(stream):
        if size > room:
            raise Unreadable(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        room -= size
        pieces.append(stream.read(size))
        if stream.read(2) != b"\r\n":  # the stream's end, too
            raise Unreadable(HTTPStatus.BAD_REQUEST)
    for _ in range(MOST_TRAILERS):
        line = stream.readline(LONGEST_LINE)
        if line == b"\r\n":
            return b"".join(pieces)
        if b":" not in line or not line.endswith(b"\r\n"):
            break
    raise Unreadable(HTTPStatus.BAD_REQUEST)


def _chunk_size(stream: BufferedIOBase) -> int:
    line = _CHUNK.fullmatch(stream.readline(LONGEST_LINE))
    if not line:
        raise Unreadable(HTTPStatus.BAD_REQUEST)
    return int(line[1], 16)


def repeated(headers: Message) -> dict[str, list[str]]:
    """Return the values of each header that came more than once, by its name in lower case."""
    values = {name.lower(): headers.get_all(name, []) for name in headers}
    return {name: several for name, several in values.items() if len(several) > 1}
