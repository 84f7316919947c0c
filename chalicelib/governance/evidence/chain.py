"""The hash chain of the evidence: one anchor a day, each with the head of the one before. Pure.

The evidence archive has this module, too, so it runs on Python 3.9 without any package but rfc8785.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from chalicelib.governance.evidence.record_digest import canonical, sha256

FORMAT = 1
BEFORE_ALL = "0" * 64  # the head before the first anchor
PREFIX = "anchors/"

Document = dict[str, Any]


class Entry(NamedTuple):
    """A record or an object with its digest.

    `kept` is the digest of a record's kept part; empty for an object. `day` is the day on which it
    was made; it is in the anchor only if the anchor is of a later day.
    """

    id: str
    kind: str
    digest: str
    day: str
    kept: str = ""

    def written(self, anchored_on: str) -> Document:
        late = {"day": self.day} if self.day != anchored_on else {}
        kept = {"kept": self.kept} if self.kept else {}
        return {"id": self.id, "kind": self.kind, "digest": self.digest, **kept, **late}


class NotAnAnchor(ValueError):
    """A file of the evidence bucket or of an archive is no whole anchor."""


def key(day: str) -> str:
    return f"{PREFIX}{day}.json"


def anchor(day: str, previous: str, entries: Iterable[Entry]) -> Document:
    """Return the anchor of a day. `previous` is the head of the anchor before it.

    The same entries in another order are the same anchor.
    """
    written = [entry.written(day) for entry in sorted({*entries})]
    head = head_of(day, previous, written)
    return {"format": FORMAT, "day": day, "previous": previous, "entries": written, "head": head}


def head_of(day: str, previous: str, entries: Iterable[Document]) -> str:
    """Return the head: a SHA-256 over the head before, the day, and each entry in turn."""
    head = sha256(canonical([FORMAT, previous, day]))
    for entry in entries:
        head = sha256(canonical([head, entry]))
    return head


def encoded(document: Document) -> bytes:
    return canonical(document) + b"\n"


def read(body: bytes) -> Document:
    """Return an anchor. Raises NotAnAnchor if it isn't whole, or its head isn't that of its
    entries.
    """
    try:
        document: Document = json.loads(body)
        found = head_of(document["day"], document["previous"], document["entries"])
        is_whole = document["format"] == FORMAT and encoded(document) == body
        has_its_head = found == document["head"]
        entries_of(document)
    except (ValueError, KeyError, TypeError) as fault:
        raise NotAnAnchor(f"can't be read: {type(fault).__name__}") from fault
    if not (is_whole and has_its_head):
        raise NotAnAnchor("was changed: its head is not that of its entries")
    return document


def entries_of(document: Document) -> list[Entry]:
    """Return the entries of an anchor."""
    return [
        Entry(
            one["id"],
            one["kind"],
            one["digest"],
            one.get("day", document["day"]),
            one.get("kept", ""),
        )
        for one in document["entries"]
    ]


def breaks(anchors: Iterable[Document]) -> Iterator[str]:
    """Yield a sentence for each place where anchors, in the order of their days, do not chain."""
    before: Document | None = None
    for document in anchors:
        if before is None and document["previous"] != BEFORE_ALL:
            yield f"anchor {document['day']}: the anchors before it are missing"
        if before is not None and document["previous"] != before["head"]:
            yield f"anchor {document['day']}: it does not follow anchor {before['day']}"
        if before is not None and document["day"] <= before["day"]:
            yield f"anchor {document['day']}: it is not of a later day than {before['day']}"
        before = document
