"""Cursors of lists: where a page ends, signed, and bound to the list that it is of. Pure.

A cursor names no client: of the list it holds a signature alone. So it needs no encryption.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable

from chalicelib.decisions.lists.id_window import Window
from chalicelib.foundation.text import Text

CURSOR = re.compile(r"[A-Za-z0-9_-]{64}")  # 48 bytes, without a bit to spare
OTHER_LIST = Text(
    es="debe ser el valor de next de la página anterior de esta misma lista, con los mismos "
    "filtros; sin él, la primera página",
    en="must be the value of next in the page before of this same list, with the same filters; "
    "leave it out for the first page",
)
ID_BYTES = 16
# RFC 2104, 5: half of the hash's output at least. https://www.rfc-editor.org/rfc/rfc2104
TAG_BYTES = 16
PURPOSE = b"appvengers cursor 1"


def sealed(rest: Window, selection: str, key: bytes) -> str:
    """Return the cursor of what is left of a list, 64 characters; `rest` has ids."""
    body = b"".join(end.to_bytes(ID_BYTES, "big") for end in (rest.oldest, rest.newest))
    return urlsafe_b64encode(body + _tag(body, selection, key)).decode()


def opened(cursor: str, selection: str, keys: Iterable[bytes]) -> Window | None:
    """Return what is left of the list; None unless one of the keys signed this cursor for it."""
    if not CURSOR.fullmatch(cursor):
        return None
    given = urlsafe_b64decode(cursor)
    body, tag = given[: 2 * ID_BYTES], given[2 * ID_BYTES :]
    if not any(hmac.compare_digest(tag, _tag(body, selection, key)) for key in keys):
        return None
    oldest, newest = (int.from_bytes(end, "big") for end in (body[:ID_BYTES], body[ID_BYTES:]))
    return Window(oldest, newest)


def _tag(body: bytes, selection: str, key: bytes) -> bytes:
    """Return the signature; the body's length is fixed, so no two messages are the same bytes."""
    message = PURPOSE + body + selection.encode()
    return hmac.new(key, message, hashlib.sha256).digest()[:TAG_BYTES]
