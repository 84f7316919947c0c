"""The function anchorEvidence: each day's records and objects into the chain, a day later.

A day that was missed is anchored by the next run. A run that comes twice, late or beside another
finds its days anchored and changes nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from chalicelib.foundation import observability
from chalicelib.governance.evidence import chain, record_digest
from chalicelib.governance.evidence.chain import Entry
from chalicelib.governance.evidence.object_log import Listed

Document = dict[str, Any]

# The index follows the table by seconds, and a repeat with an Idempotency-Key may store a decision
# of an earlier day. What comes later than this is in no anchor, and an archive names it.
LATE_DAYS = 7


class Records(Protocol):
    def of_day(self, day: str) -> Iterator[Document]: ...
    def keys_of_day(self, day: str) -> Iterator[Document]: ...
    def get(self, key: Document) -> Document | None: ...


class Objects(Protocol):
    def listed(self) -> Iterator[Listed]: ...
    def read(self, object_id: str) -> bytes: ...


class Anchors(Protocol):
    @property
    def stored(self) -> dict[str, Any]: ...
    def read(self, day: str) -> bytes: ...
    def add(self, day: str, body: bytes) -> bool: ...


def anchor_days(at: datetime, records: Records, objects: Objects, anchors: Anchors) -> Document:
    """Anchor each day until the one before `at` that has no anchor yet, the earliest first.

    The first anchor of all has what was made in the LATE_DAYS before, and every object. Raises
    NotAnAnchor if the newest anchor isn't whole, and leaves the chain as it is.
    """
    last = at.date() - timedelta(days=1)
    newest = max((day for day in anchors.stored if day <= last.isoformat()), default="")
    is_before_all = not newest and bool(anchors.stored)  # an event that is older than the chain
    days = [] if is_before_all else [*_days(_after(newest) if newest else last, last)]
    observability.anchoring(len(days))
    done: list[str] = []
    for day in days:
        if not _anchor(day, records, objects, anchors):
            break  # another run is at it, and the next run sees what it did
        done.append(day)
    return {"anchored": done}


def _anchor(day: str, records: Records, objects: Objects, anchors: Anchors) -> bool:
    before = [one for one in anchors.stored if one < day]
    since = _back(day, LATE_DAYS)
    recent = [chain.read(anchors.read(one)) for one in before if one >= since]
    if not recent and before:
        recent = [chain.read(anchors.read(before[-1]))]
    known = {(entry.id, entry.digest) for one in recent for entry in chain.entries_of(one)}
    ids = {entry_id for entry_id, _ in known}
    found = [*_of_records(day, since, ids, records)]
    found += _of_objects(day, since if before else "", known, objects)
    previous = recent[-1]["head"] if recent else chain.BEFORE_ALL
    return anchors.add(day, chain.encoded(chain.anchor(day, previous, found)))


def _of_records(day: str, since: str, ids: set[str], records: Records) -> Iterator[Entry]:
    """Yield the day's records, and those of the days before that no anchor has."""
    for earlier in _days(since, _back(day, 1)):
        keys = [key for key in records.keys_of_day(earlier) if key["predictionId"] not in ids]
        found = (records.get(key) for key in keys)
        yield from (_entry(record, earlier) for record in found if record)
    yield from (_entry(record, day) for record in records.of_day(day))


def _of_objects(
    day: str, since: str, known: set[tuple[str, str]], objects: Objects
) -> Iterable[Entry]:
    """Yield the objects written from `since` to the day that no anchor has as they are."""
    listed = [one for one in objects.listed() if since <= one.day <= day]
    for one in listed:
        entry = Entry(one.id, one.kind, record_digest.sha256(objects.read(one.id)), one.day)
        if (entry.id, entry.digest) not in known:
            yield entry


def _entry(record: Document, day: str) -> Entry:
    name, digests = record["predictionId"], record_digest.digests(record)
    if record_digest.UNREADABLE in record:
        observability.unreadable(name)
    return Entry(name, record_digest.kind(name), digests.whole, day, digests.kept)


def _days(first: date | str, last: date | str) -> Iterator[str]:
    day, end = (one if isinstance(one, date) else date.fromisoformat(one) for one in (first, last))
    while day <= end:
        yield day.isoformat()
        day += timedelta(days=1)


def _after(day: str) -> str:
    return _back(day, -1)


def _back(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat()
