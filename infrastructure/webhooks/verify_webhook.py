"""Verifier of AppVengers' webhooks. One file; it needs Python 3.9 or newer, and no package.

    verifier = Verifier(["whsec_…"], SeenIds("seen.sqlite"))
    try:
        with verifier.handling(headers, body) as event:  # the body's bytes, before any parsing
            ...                                          # your work
    except Refused as refused:
        ...                                              # answer with `refused.status`

It raises Refused for a call that was altered, forged, or sent again later, Repeated for an event
that was handled, and InHand for one that is being handled. An event counts as handled when the
block ends. If your work fails, or your server dies within it, the event comes again.

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
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

TOLERANCE_SECONDS = 300  # between the sender's clock and this one
FEWEST_BYTES, MOST_BYTES = 24, 64  # of a secret, by Standard Webhooks
SECONDS_IN_HAND = 60  # then whoever took an event is taken for dead
DAYS_REMEMBERED = 45  # longer than any retry, and than the days that are usually replayed


class Refused(Exception):
    """A call that must not be acted on. `reason` is for your log, `status` for your answer."""

    status = 401

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Repeated(Refused):
    """An event that was handled before: a retry whose first answer was lost, or a replay."""

    status = 204  # the sender is content


class InHand(Refused):
    """An event that is being handled, or was when this server died: it comes again."""

    status = 503


class SeenIds:
    """The ids of events in a SQLite file, handled or in hand; ":memory:" forgets at the end."""

    def __init__(self, path: str = ":memory:") -> None:
        self._turn = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute(
            "create table if not exists events (id text primary key, at real, handled integer)"
        )

    def take(self, identity: str, now: float) -> None:
        """Take an event in hand. Raises Repeated or InHand."""
        with self._turn:
            self._db.execute("delete from events where at < ?", [now - DAYS_REMEMBERED * 86_400])
            taken = self._db.execute(
                "insert into events values (?, ?, 0) on conflict (id) do update"
                " set at = excluded.at where not handled and at <= ?",
                [identity, now, now - SECONDS_IN_HAND],
            )
            if taken.rowcount == 1:
                return
            row = self._db.execute("select handled from events where id = ?", [identity]).fetchone()
        raise Repeated("repeated") if row[0] else InHand("in hand")

    def handled(self, identity: str, now: float) -> None:
        """Remember an event as handled."""
        with self._turn:
            self._db.execute("insert or replace into events values (?, ?, 1)", [identity, now])

    def forget(self, identity: str, taken: float) -> None:
        """Let an event come again that was taken in hand at a time, unless another has it now."""
        with self._turn:
            self._db.execute(
                "delete from events where id = ? and at = ? and not handled", [identity, taken]
            )


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

    @contextmanager
    def handling(self, headers: Mapping[str, str], body: bytes) -> Iterator[dict[str, Any]]:
        """Give the event of a call to a block, and remember it when the block ends without a
        fault. Raises Refused, Repeated or InHand.
        """
        event = self._verified(headers, body)
        identity, taken = event["id"], self._clock()
        self._seen.take(identity, taken)
        try:
            yield event
        except BaseException:
            self._seen.forget(identity, taken)
            raise
        self._seen.handled(identity, self._clock())

    def _verified(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        given = {name.lower(): value for name, value in headers.items()}
        try:
            identity, sent = given["webhook-id"], given["webhook-timestamp"]
            signatures = given["webhook-signature"].split(" ")
        except KeyError:
            raise Refused("unsigned") from None
        if not (sent.isascii() and sent.isdigit()) or len(sent) > 12:
            raise Refused("timestamp")
        signed = identity.encode(errors="replace") + b"." + sent.encode() + b"." + body
        if not self._is_signed(signed, signatures):
            raise Refused("signature")
        if abs(self._clock() - int(sent)) > TOLERANCE_SECONDS:
            raise Refused("timestamp")
        try:
            event: Any = json.loads(body)
        except (ValueError, RecursionError):
            raise Refused("body") from None
        if not isinstance(event, dict) or event.get("id") != identity:
            raise Refused("id")
        return event

    def _is_signed(self, signed: bytes, signatures: Sequence[str]) -> bool:
        """Compare all signatures with all keys, in a time that tells nothing about either."""
        wanted = [
            b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
            for key in self._keys
        ]
        matches = [
            hmac.compare_digest(one.encode(errors="replace"), other)
            for one in signatures
            for other in wanted
        ]
        return any(matches)


def run(vectors: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each test vector whose result is not the expected one."""
    wrong = []
    for vector in vectors:
        seen = SeenIds()
        for identity in vector["seen"]:
            seen.handled(identity, vector["now"])
        for identity in vector["inHand"]:
            seen.take(identity, vector["now"])
        verifier = Verifier(vector["secrets"], seen, lambda: vector["now"])  # noqa: B023 - now
        try:
            with verifier.handling(vector["headers"], vector["body"].encode()):
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
