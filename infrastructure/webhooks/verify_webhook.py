"""Verifier of AppVengers' webhooks. One file; it needs Python 3.9 or newer, and no package.

    verifier = Verifier(["whsec_…"], SeenIds("seen.sqlite"))
    event = verifier.verify(headers, body)   # the body's bytes as they came, before any parsing

It raises Refused for a call that was altered, forged, or sent again later, and Repeated for an
event that this receiver has had: answer 2xx then, and do nothing. If your own work fails, call
`verifier.forget(event)` and answer 500: the event comes again.

    python verify_webhook.py webhook_vectors.json    # runs the test vectors
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sqlite3
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TOLERANCE_SECONDS = 300  # between the sender's clock and this one
FEWEST_BYTES, MOST_BYTES = 24, 64  # of a secret, by Standard Webhooks
DAYS_REMEMBERED = 45  # longer than any retry, and than the days that are usually replayed


class Refused(Exception):
    """A call that must not be acted on. `reason` is one word, for your log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Repeated(Refused):
    """An event that was verified before: a retry whose first answer was lost, or a replay."""


class SeenIds:
    """The ids of the events that were handled, in a SQLite file; ":memory:" forgets at the end."""

    def __init__(self, path: str = ":memory:") -> None:
        self._turn = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("create table if not exists seen (id text primary key, at real)")

    def is_first(self, identity: str, now: float) -> bool:
        """Remember an id, and return whether it was unknown."""
        with self._turn:
            self._db.execute("delete from seen where at < ?", [now - DAYS_REMEMBERED * 86_400])
            found = self._db.execute("insert or ignore into seen values (?, ?)", [identity, now])
            return found.rowcount == 1

    def forget(self, identity: str) -> None:
        with self._turn:
            self._db.execute("delete from seen where id = ?", [identity])


def _key(secret: str) -> bytes:
    """Return a secret's bytes. Raises ValueError: by an empty or short key anybody could sign."""
    try:
        key = base64.b64decode(secret[len("whsec_") :], validate=True)
    except ValueError:
        key = b""
    if not secret.startswith("whsec_") or not FEWEST_BYTES <= len(key) <= MOST_BYTES:
        raise ValueError("A secret is whsec_ and the base64 of 24 to 64 bytes.")
    return key


class Verifier:
    """The check of each call. Give it two secrets while you change from one to the other."""

    def __init__(
        self,
        secrets: Sequence[str],
        seen: SeenIds | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if isinstance(secrets, str) or not secrets:
            raise ValueError('Give the secrets as a list: Verifier(["whsec_..."]).')
        self._keys = [_key(one) for one in secrets]
        self._seen = seen or SeenIds()
        self._clock = clock

    def verify(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """Return the event. Raises Refused, or Repeated for one that was returned before."""
        given = {name.lower(): value for name, value in headers.items()}
        try:
            identity, sent = given["webhook-id"], given["webhook-timestamp"]
            signatures = given["webhook-signature"].split(" ")
        except KeyError:
            raise Refused("unsigned") from None
        if not (sent.isascii() and sent.isdigit()) or len(sent) > 12:
            raise Refused("timestamp")
        signed = identity.encode() + b"." + sent.encode() + b"." + body
        if not self._is_signed(signed, signatures):
            raise Refused("signature")
        now = self._clock()
        if abs(now - int(sent)) > TOLERANCE_SECONDS:
            raise Refused("timestamp")
        try:
            event: Any = json.loads(body)
        except ValueError:
            raise Refused("body") from None
        if not isinstance(event, dict) or event.get("id") != identity:
            raise Refused("id")
        if not self._seen.is_first(identity, now):
            raise Repeated("repeated")
        return event

    def forget(self, event: Mapping[str, Any]) -> None:
        """Let an event come again, because it was not handled to the end."""
        self._seen.forget(event["id"])

    def _is_signed(self, signed: bytes, signatures: Sequence[str]) -> bool:
        """Compare all signatures with all keys, in a time that tells nothing about either."""
        wanted = [
            b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
            for key in self._keys
        ]
        matches = [
            hmac.compare_digest(one.encode(), other) for one in signatures for other in wanted
        ]
        return any(matches)


def run(vectors: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each test vector whose result is not the expected one."""
    wrong = []
    for vector in vectors:
        seen = SeenIds()
        for identity in vector["seen"]:
            seen.is_first(identity, vector["now"])
        verifier = Verifier(vector["secrets"], seen, lambda: vector["now"])  # noqa: B023 - now
        try:
            verifier.verify(vector["headers"], vector["body"].encode())
            result = "accepted"
        except Refused as refused:
            result = refused.reason
        if result != vector["expected"]:
            wrong.append(f"{vector['name']}: {result}, and not {vector['expected']}")
    return wrong


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123 - it needs nothing else
        vectors = json.load(file)["vectors"]
    wrong = run(vectors)
    print("\n".join(wrong) or f"All {len(vectors)} vectors gave what they should.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
