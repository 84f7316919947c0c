"""The hourly watch over erasures, by eraseClient: it finishes those that were cut off, and looks an
hour later for what was under way while a client was erased.

No table says which analyses run. What they and people store after an erasure is in the index of its
day, and the salted hash of the erasure says whether it is that client's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from chalicelib.foundation.errors import TableUnavailable
from chalicelib.foundation.expiry import going_on
from chalicelib.governance.erasure import client_erasure
from chalicelib.governance.erasure.erasure_table import LATE, is_of
from chalicelib.profile import Retention

Document = dict[str, Any]
Erase = Callable[[Document], Any]

LATER = timedelta(hours=1)  # a running erasure and an analysis are over long before
BEFORE = timedelta(minutes=15)  # an analysis that stores during the erasure began after that
FIRST, LAST = " ", "~"  # before and after every id and time


class Erasures(client_erasure.Erasures, Protocol):
    def unfinished(self, before: datetime) -> Iterator[Document]: ...
    def to_sweep(self, before: datetime) -> Iterator[Document]: ...
    def late(self, before: datetime) -> Iterator[Document]: ...
    def swept(self, sweep: Document) -> None: ...


class Predictions(Protocol):
    def made_in(self, day: str, first: str, last: str, page: int) -> Iterator[Document]: ...
    def outcomes_reported_on(self, day: str) -> Iterator[Document]: ...
    def acts_on(self, day: str, after: str) -> Iterator[Document]: ...


class Queue(Protocol):
    def due_before(self, now: str) -> Iterator[Document]: ...


def run(
    event: Mapping[str, Any],
    retention: Retention,
    erasures: Erasures,
    files: client_erasure.Files,
    predictions: Predictions,
    queue: Queue,
    now: datetime,
) -> Document:
    """Carry out an order of eraseClient: to erase a client, or `watch`, a time in UTC.

    Raises TableUnavailable.
    """
    clock = going_on(now)

    def erase(order: Mapping[str, Any]) -> Document:
        return client_erasure.erase(order, retention, erasures, files, clock())

    if "watch" not in event:
        return erase(event)
    return watch(datetime.fromisoformat(event["watch"]), erasures, predictions, queue, erase)


def watch(
    at: datetime, erasures: Erasures, predictions: Predictions, queue: Queue, erase: Erase
) -> Document:
    """Finish and sweep what began an hour before `at` or earlier, and return how many of each.

    `erase` takes an order. Raises TableUnavailable after all were tried, if one does not end.
    """
    begun, sweeps = [*erasures.unfinished(at - LATER)], [*erasures.to_sweep(at - LATER)]
    ended = [_is_done(erase, order) for order in begun]
    since = min((sweep["at"] for sweep in sweeps), default=at.isoformat())
    stored = _stored_since(datetime.fromisoformat(since), at, predictions, queue) if sweeps else ()
    clients = {one["clientId"] for one in stored}
    for sweep in sweeps:
        late = [_is_done(erase, order) for order in _orders(sweep, clients)]
        if all(late):
            erasures.swept(sweep)
        ended += late
    noted = [*erasures.late(at - LATER)]
    for one in noted:
        ended.append(_is_done(erase, _order_of(one)))
        if ended[-1]:
            erasures.swept(one)
    if not all(ended):
        raise TableUnavailable
    return {"finished": len(begun), "swept": len(sweeps), "late": len(noted)}


def _order_of(late: Document) -> Document:
    """Return the order to erase what a batch stored of a client during their erasure."""
    client_id = late["predictionId"].removeprefix(LATE)
    return {"clientId": client_id, **{name: late[name] for name in ("reason", "by", "until")}}


def _is_done(erase: Erase, order: Document) -> bool:
    try:
        erase(order)
    except TableUnavailable:
        return False
    return True


def _orders(sweep: Document, clients: Iterable[str]) -> list[Document]:
    """Return the order to erase what the client still has; none if nothing came late."""
    again = {"reason": sweep["reason"], "by": sweep["by"], "until": sweep["at"]}
    return [again | {"clientId": one} for one in clients if is_of(sweep, one)]


def _stored_since(
    begun: datetime, at: datetime, predictions: Predictions, queue: Queue
) -> Iterator[Document]:
    """Yield what was stored from shortly before the first erasure, and every open case."""
    first = f"{int((begun - BEFORE).timestamp() * 1000):012x}"
    for day in _days(begun - BEFORE, at):
        yield from predictions.made_in(day, first, LAST, 1_000)
        yield from predictions.outcomes_reported_on(day)
        yield from predictions.acts_on(day, FIRST)
    yield from queue.due_before(LAST)


def _days(first: datetime, last: datetime) -> Iterator[str]:
    day = first.date()
    while day <= last.date():
        yield day.isoformat()
        day += timedelta(days=1)
