"""The period that an archive's manifest claims, beside the archive's files and its anchors.

The evidence archive has this module, too, so it runs on Python 3.9 without any package.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

RECORDS, SUFFIX = "records/", ".jsonl"


class Period(NamedTuple):
    """The first and the last day, as 2026-11-01; either may be anything in a forged manifest."""

    first: str
    last: str

    @property
    def days(self) -> list[str]:
        """Return all days; none if these are not two days with the earlier first."""
        if not (_is_day(self.first) and _is_day(self.last)):
            return []
        first, last = date.fromisoformat(self.first), date.fromisoformat(self.last)
        return [
            date.fromordinal(number).isoformat()
            for number in range(first.toordinal(), last.toordinal() + 1)
        ]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


def claimed(manifest: Mapping[str, Any]) -> Period:
    return Period(str(manifest.get("from", "")), str(manifest.get("to", "")))


def covered(period: Period, names: Collection[str]) -> set[str]:
    """Return the days whose anchored records must be in an archive with files of these names: the
    days of the period, and each day that a file claims to have the records of.
    """
    return {*period.days, *map(_day_of, _files(names))}


def file_of(day: str) -> str:
    """Return the name of the file with a day's records."""
    return f"{RECORDS}{day}{SUFFIX}"


def findings(period: Period, asked: Period, names: Collection[str], newest: str) -> Iterator[str]:
    """Yield a sentence for each fault of the claimed period.

    `asked` is the examiner's own; an empty day is not compared. `newest` is the day of the newest
    anchor, empty without one.
    """
    days = period.days
    if not days:
        yield f"manifest.json: its period is not two days with the earlier first: {period}"
    if asked.first and asked.first != period.first:
        yield f"the archive begins on {period.first}, and you asked for {asked.first}"
    if asked.last and asked.last != period.last:
        yield f"the archive ends on {period.last}, and you asked for {asked.last}"
    if days and newest < period.last:
        yield (
            f"the archive ends on {period.last}, and its newest anchor is of "
            f"{newest or 'no day'}: anchors are missing"
        )
    wanted = [file_of(day) for day in days]
    there = {*_files(names)}
    yield from (f"{name}: is missing" for name in wanted if name not in there)
    yield from (f"{name}: is of no day of the period" for name in sorted(there - {*wanted}))


def _files(names: Collection[str]) -> Iterator[str]:
    return (name for name in names if name.startswith(RECORDS))


def _day_of(name: str) -> str:
    return name[len(RECORDS) : -len(SUFFIX)]


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
