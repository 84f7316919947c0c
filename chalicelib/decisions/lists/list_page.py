"""A page of a list: merged streams of decisions, the newest first, with bounded reading.

A filter may match few of many decisions. So a page ends where its reading does, if it is not full,
and says what is left. Pure.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any, Protocol

from chalicelib.decisions.day_index import SHARDS, keys_of, page_of
from chalicelib.decisions.lists.id_window import Window, number_of
from chalicelib.foundation.errors import TableUnavailable

Item = dict[str, Any]
Element = tuple[int, Item | None]  # an id with its decision; None: the stream was read to this id

# A day without decisions takes 25 reads, some at a time. A read answers in some 5 ms, and with a
# filter, after FILTERED_SIZE decisions of 8 KB, in some 15 ms: 250 of these in turn are 4 s.
MOST_READS = 10 * (SHARDS + 1)
# API Gateway waits for 29 s; the last read may take 15 s with its repeats.
MOST_SECONDS = 8.0
FILTERED_SIZE = 50


@dataclass(frozen=True, slots=True)
class Slice:
    """An answer of the table: decisions, the newest first, and the id that it was read to. None: it
    has all of the window.
    """

    items: list[Item]
    read_to: int | None


class Place(Protocol):
    """A key of the table or of its index: `read` evaluates at most `size` of its decisions."""

    def read(self, window: Window, size: int) -> Slice: ...


@dataclass(frozen=True, slots=True)
class Page:
    """Decisions, the newest first, and what is left of the list; None: nothing."""

    items: list[Item]
    rest: Window | None


class _Spent(Exception):
    """A page's reading is over."""


def one_by_one(places: Sequence[Place], window: Window, size: int) -> list[Slice]:
    """Read each place in turn."""
    return [one.read(window, size) for one in places]


Gather = Callable[[Sequence[Place], Window, int], list[Slice]]


class Reading:
    """The reading that one page may do. `gather` reads the keys of a day."""

    def __init__(
        self,
        clock: Callable[[], float],
        most_reads: int = MOST_READS,
        gather: Gather = one_by_one,
    ) -> None:
        self.gather = gather
        self._clock = clock
        self._reads = most_reads
        self._ends = clock() + MOST_SECONDS

    def spend(self, reads: int = 1) -> None:
        if self._reads < reads or self._clock() >= self._ends:
            raise _Spent
        self._reads -= reads

    def end(self) -> None:
        self._reads = 0


def page_of_days(
    window: Window, limit: int, place: Callable[[str], Place], size: int, reading: Reading
) -> Page:
    """Return a page over the keys of the day index. `place` returns that of a key.

    Raises TableUnavailable if it got no further at all.
    """
    return _page(window, limit, _of_days(window, place, size, reading), reading)


def page_of_place(window: Window, limit: int, place: Place, size: int, reading: Reading) -> Page:
    """Return a page over one key. Raises TableUnavailable if it got no further at all."""
    return _page(window, limit, _stream(place, None, window, size, reading), reading)


def size_of(limit: int, *, shared: bool, filtered: bool) -> int:
    """Return how many decisions to read at a time from a key; `shared` with the other shards."""
    if filtered:
        return FILTERED_SIZE
    return page_of(limit) if shared else limit + 1


def _page(window: Window, limit: int, elements: Iterator[Element], reading: Reading) -> Page:
    """Take elements, sorted by their ids, the largest first, until the page is full.

    An id is one decision's: it has 80 random bits. Two keys may have it while it is migrated.
    """
    items: list[Item] = []
    reached = last = None
    try:
        for number, item in elements:
            if item is not None and number != last:
                if len(items) == limit:
                    return Page(items, window.below(number_of(items[-1]["predictionId"])))
                items.append(item)
                last = number
                if len(items) == limit:
                    reading.end()  # a full page reads no more to learn if it is the last one
            reached = number
    except _Spent:
        if reached is None:
            raise TableUnavailable from None
        return Page(items, window.below(reached) or None)
    return Page(items, None)


def _of_days(
    window: Window, place: Callable[[str], Place], size: int, reading: Reading
) -> Iterator[Element]:
    for day in window.days():
        part, places = window.of_day(day), [place(key) for key in keys_of(f"{day}")]
        reading.spend(len(places))
        first = reading.gather(places, part, size)
        streams = (_stream(*each, part, size, reading) for each in zip(places, first, strict=True))
        yield from merge(*streams, key=lambda element: element[0], reverse=True)
        yield part.oldest, None


def _stream(
    place: Place, found: Slice | None, window: Window, size: int, reading: Reading
) -> Iterator[Element]:
    """Yield a key's decisions, and after each read the id that it came to. `found` is what was read
    already.
    """
    while window:
        if found is None:
            reading.spend()
            found = place.read(window, size)
        for item in found.items:
            yield number_of(item["predictionId"]), item
        if found.read_to is None:
            return
        yield found.read_to, None
        window, found = window.below(found.read_to), None
