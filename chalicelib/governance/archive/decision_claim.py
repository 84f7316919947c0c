"""The pack of one decision: what its manifest claims, beside its files and its anchors. Pure.

It has the decision, people's acts on it and its outcomes, and the anchors that have these. The days
between are not there, so each anchor is compared with the locked one of its day, not with the next.

The evidence archive has this module, too, so it runs on Python 3.9 without any package but rfc8785.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from chalicelib.governance.archive.claimed_period import Period

DECISION, LATER = "decision", "later"  # members of the manifest
NO_PART = ("objects/", "cards/")  # begin the names of an archive's other evidence

Document = dict[str, Any]


def claimed(manifest: Mapping[str, Any]) -> str:
    """Return the id of the decision whose pack it is; empty for an archive of a period."""
    return str(manifest.get(DECISION, ""))


def later(manifest: Mapping[str, Any]) -> list[str]:
    """Return the ids of what was left out, because no anchor had it yet."""
    found = manifest.get(LATER, [])
    return [str(one) for one in found] if isinstance(found, list) else []


def belongs(record_id: str, decision: str) -> bool:
    """Return whether a record is the decision, or stands beside it.

    >>> [belongs(one, "ab") for one in ("ab", "outcome#ab#1f", "review#ab#0001", "review#abc#1")]
    [True, True, True, False]
    """
    return record_id == decision or record_id.partition("#")[2].startswith(f"{decision}#")


def breaks(anchors: Sequence[Document]) -> Iterator[str]:
    """Yield a sentence for each two anchors, of a day and the day after it, that do not chain."""
    for place, after in enumerate(anchors[1:]):
        before = anchors[place]
        follows = _number(after["day"]) == _number(before["day"]) + 1
        if follows and after["previous"] != before["head"]:
            yield f"anchor {after['day']}: it does not follow anchor {before['day']}"


def findings(
    decision: str, asked: str, period: Period, names: Collection[str], records: Collection[str]
) -> Iterator[str]:
    """Yield a sentence for each thing that the pack of a decision lacks, or should not have.

    `asked` is the id of the decision that the examiner asked for, and `period` the days; empty ones
    are not compared. `names` are those of the files, `records` the ids of the records.
    """
    if asked and asked != decision:
        yield f"the archive is of {decision or 'days'}, and you asked for {asked}"
    if decision:
        yield from _of_one(decision, period, names, records)


def _of_one(
    decision: str, period: Period, names: Collection[str], records: Collection[str]
) -> Iterator[str]:
    if period.first or period.last:
        yield f"the archive is of decision {decision} alone, and you asked for days: {period}"
    if decision not in records:
        yield f"decision {decision}: is missing"
    others = sorted(name for name in records if not belongs(name, decision))
    yield from (f"{name}: is no record of decision {decision}" for name in others)
    more = sorted(name for name in names if name.startswith(NO_PART))
    yield from (f"{name}: is no part of the pack of a decision" for name in more)


def _number(day: str) -> int:
    """Return a day's number; 0 for what is no day."""
    try:
        return date.fromisoformat(day).toordinal()
    except ValueError:
        return 0
