"""The marks of erased records beside the records, their anchors and the erasures' own counts.

The evidence archive has this module, too, so it runs on Python 3.9 without any package but rfc8785.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Optional

from chalicelib.foundation.record_salt import ERASURE, ERASURE_OF
from chalicelib.governance.evidence import chain, record_digest
from chalicelib.governance.evidence.chain import Entry

Document = dict[str, Any]
Records = Mapping[str, Document]


class Anchored(NamedTuple):
    """An entry, and the day of the anchor that has it."""

    entry: Entry
    on: str


class Span(NamedTuple):
    """The days in which records were erased, with the marks of these days.

    `counted` is how many records the erasures of these days count; None if one is unknown.
    """

    first: str
    last: str
    marks: int
    counted: Optional[int]  # noqa: UP045 - Python 3.9 reads it


def findings(anchors: Iterable[Document], records: Records) -> Iterator[str]:
    """Yield a sentence for each mark that was dated back or has an unerased record, and for each
    span of days whose marks are not as many as the erasures count.

    `anchors` begin with the earliest; `records` are the archive's, by id. Counts of erasures
    outside the archive's period are unknown, and so are those of an unfinished erasure.
    """
    anchored, newest = list[Anchored](), ""
    for anchor in anchors:
        newest = anchor["day"]
        anchored += (Anchored(entry, newest) for entry in chain.entries_of(anchor))
    yield from _of_marks(anchored, records)
    for span in _merged(_spans(anchored, records)):
        if span.counted is not None and span.marks != span.counted:
            yield _miscounted(span, newest)


def _of_marks(anchored: list[Anchored], records: Records) -> Iterator[str]:
    first: dict[str, Anchored] = {}
    for one in anchored:
        first.setdefault(one.entry.id, one)
    for name, mark in first.items():
        of = name[len(ERASURE_OF) :]
        if not name.startswith(ERASURE_OF):
            continue
        if of in first:
            yield from _dated_back(mark, first[of])
        if of in records and not record_digest.is_erased(records[of]):
            yield f"{record_digest.kind(of)} {of}: has the mark of an erasure, and is not erased"


def _dated_back(mark: Anchored, record: Anchored) -> Iterator[str]:
    """Yield a sentence if the mark of a record's erasure claims a day on which it was not there."""
    called = f"{mark.entry.kind} {mark.entry.id}: was dated back to {mark.entry.day}"
    if mark.entry.day < record.entry.day:
        yield f"{called}, before the day of its record, {record.entry.day}"
    elif mark.entry.day < record.on < mark.on:
        yield f"{called}: anchor {record.on} has its record without it, and {mark.on} is its first"


def _spans(anchored: list[Anchored], records: Records) -> Iterator[Span]:
    """Yield the span of each mark, one day, and of each erasure: from its order to its end."""
    for day, _ in {(one.entry.day, one.entry.id) for one in anchored if _is_mark(one.entry)}:
        yield Span(day, day, 1, 0)
    for name, day in {(one.entry.id, one.entry.day) for one in anchored}:
        if name.startswith(ERASURE):
            ordered = name[len(ERASURE) :][: len(day)]
            yield Span(min(ordered, day), day, 0, _count(records.get(name, {})))


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return the spans, those with a day in common as one, in the order of their days."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda one: one[:2]):
        if merged and span.first <= merged[-1].last:
            before = merged.pop()
            unknown = before.counted is None or span.counted is None
            counted = None if unknown else (before.counted or 0) + (span.counted or 0)
            span = Span(  # noqa: PLW2901 - the next one may join it
                before.first, max(before.last, span.last), before.marks + span.marks, counted
            )
        merged.append(span)
    return merged


def _is_mark(entry: Entry) -> bool:
    return entry.id.startswith(ERASURE_OF)


def _count(erasure: Document) -> Optional[int]:  # noqa: UP045 - Python 3.9 reads it
    counts = [erasure.get(name) for name in ("loans", "decisions")]
    whole = [int(count) for count in counts if isinstance(count, (int, float))]
    return sum(whole) if len(whole) == len(counts) else None


def _miscounted(span: Span, newest: str) -> str:
    days = span.first if span.first == span.last else f"{span.first} to {span.last}"
    said = f"erasures of {days}: they count {span.counted:,} records, with {span.marks:,} marks"
    if span.counted is not None and span.marks < span.counted:
        return f"{said}: marks were removed before they were anchored, or a count was forged"
    return f"{said}: marks were forged, or an erasure was not finished by {newest}"
