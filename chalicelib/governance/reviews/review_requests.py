"""Parsers of what people send about cases: checked once, trusted from then on. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, get_args

from chalicelib.foundation.request_fields import (
    LIMIT,
    NO_DAY,
    NO_LIMIT,
    NO_PERIOD,
    NOT_ONE_OF,
    Faults,
    day_of,
    fields_of,
    require_none,
    text_fault,
)
from chalicelib.foundation.text import Text
from chalicelib.profile.tables.review_tables import Review, Verdict

LONGEST_TEXT = 1_000  # characters of a verdict's text
LONGEST_CONTEST = 2_000
MOST_CASES = 100  # on a page
MOST_DAYS = 366  # of a period
USUAL_DAYS = 30

POSITION = re.compile(r"[0-9T:.-]{23}Z#[0-9a-f]{32}")
CURSOR = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})~(review#[0-9a-f]{32}#[0-9]{4})")

OTHER_PAGE = Text(
    es="debe ser el valor de next de la página anterior; sin él, la primera",
    en="must be the value of next in the page before; leave it out for the first page",
)


@dataclass(frozen=True, slots=True)
class VerdictRequest:
    verdict: Verdict
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class QueueRequest:
    limit: int
    after: str  # a position in the queue; empty for the first page


@dataclass(frozen=True, slots=True)
class PeriodRequest:
    """The days `first` to `last`, both included, from behind the act `after` on the first day."""

    first: date
    last: date
    after: str

    def days(self) -> list[str]:
        count = (self.last - self.first).days + 1
        return [(self.first + timedelta(days=number)).isoformat() for number in range(count)]


def verdict_request(body: Any, review: Review) -> VerdictRequest:
    """Parse the body of POST …/review. Raises InvalidRequest."""
    given, faults = fields_of(body, {"verdict", "reason", "text"})
    verdict, reason = given.get("verdict"), given.get("reason")
    if verdict not in get_args(Verdict):
        faults["verdict"] = NOT_ONE_OF.format(values=", ".join(get_args(Verdict)))
    else:
        codes = [code for code, one in review.reasons.items() if one.verdict == verdict]
        if reason not in codes:
            faults["reason"] = NOT_ONE_OF.format(values=", ".join(codes))
    require_none(faults | text_fault("text", given, LONGEST_TEXT))
    return VerdictRequest(given["verdict"], given["reason"], given["text"])


def contest_request(body: Any) -> str:
    """Parse the body of POST …/contest, and return the applicant's words. Raises InvalidRequest."""
    given, faults = fields_of(body, {"text"})
    require_none(faults | text_fault("text", given, LONGEST_CONTEST))
    return str(given["text"])


def queue_request(query: Mapping[str, str]) -> QueueRequest:
    """Parse the query of GET /reviews. Raises InvalidRequest."""
    limit, cursor = query.get("limit", "20"), query.get("cursor")
    faults: Faults = {}
    if query.get("state", "open") != "open":
        faults["state"] = NOT_ONE_OF.format(values="open")
    if not LIMIT.fullmatch(limit):
        faults["limit"] = NO_LIMIT
    if cursor is not None and not POSITION.fullmatch(cursor):
        faults["cursor"] = OTHER_PAGE
    require_none(faults, outside=True)
    return QueueRequest(int(limit), cursor or "")


def period_request(query: Mapping[str, str], today: date) -> PeriodRequest:
    """Parse the query of GET /portfolio: the last USUAL_DAYS if it names no days.

    Raises InvalidRequest for a period of more than MOST_DAYS.
    """
    cursor = CURSOR.fullmatch(query["cursor"]) if "cursor" in query else None
    last = day_of(query.get("to", today.isoformat()))
    usual = date.fromordinal(max(1, (last or today).toordinal() - USUAL_DAYS + 1))
    first = day_of(query.get("from", usual.isoformat()))
    faults: Faults = {name: NO_DAY for name, day in (("from", first), ("to", last)) if day is None}
    if first and last and not 0 <= (last - first).days < MOST_DAYS:
        faults["from"] = NO_PERIOD.format(most=MOST_DAYS)
    begun = day_of(cursor[1]) if cursor else first
    if "cursor" in query and not (begun and cursor and first and last and first <= begun <= last):
        faults["cursor"] = OTHER_PAGE
    require_none(faults, outside=True)
    assert first and last and begun  # noqa: S101, PT018 - faults would have been raised
    return PeriodRequest(begun, last, cursor[2] if cursor else "")
