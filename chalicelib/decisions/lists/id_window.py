"""Windows of prediction ids. An id is 48 bits of milliseconds since 1970, then 80 random bits, in
hexadecimal digits, so ids sort by time. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

EPOCH = date(1970, 1, 1).toordinal()
MILLISECONDS = 24 * 60 * 60 * 1000  # of a day, in UTC
RANDOM_BITS = 80


@dataclass(frozen=True, slots=True)
class Window:
    """The ids from `oldest` to `newest`, both included, as whole numbers of 128 bits."""

    oldest: int
    newest: int

    def __bool__(self) -> bool:
        return self.oldest <= self.newest

    def below(self, number: int) -> "Window":
        """Return the part of the window that is older than an id."""
        return Window(self.oldest, min(self.newest, number - 1))

    def since(self, day: date | None) -> "Window":
        """Return the part of the window from a day of UTC on; None: all of it."""
        return Window(max(self.oldest, first_of(day)), self.newest) if day else self

    def of_day(self, day: date) -> "Window":
        """Return the part of the window that lies in a day of UTC."""
        return Window(max(self.oldest, first_of(day)), min(self.newest, last_of(day)))

    def days(self) -> Iterator[date]:
        """Yield the days of the window, the newest first."""
        if self:
            count = (self.newest >> RANDOM_BITS) // MILLISECONDS
            newest = date.fromordinal(EPOCH + count)
            for back in range(count - (self.oldest >> RANDOM_BITS) // MILLISECONDS + 1):
                yield newest - timedelta(days=back)


def of_days(first: date | None, last: date) -> Window:
    """Return the window of the days `first` to `last`, both included; None: from 1970 on."""
    return Window(first_of(first) if first else 0, last_of(last))


def first_of(day: date) -> int:
    """Return the smallest id of a day; 0 before 1970."""
    return max(0, day.toordinal() - EPOCH) * MILLISECONDS << RANDOM_BITS


def last_of(day: date) -> int:
    """Return the largest id of a day; -1 before 1970, when there are no ids."""
    return (max(0, day.toordinal() + 1 - EPOCH) * MILLISECONDS << RANDOM_BITS) - 1


def number_of(prediction_id: str) -> int:
    return int(prediction_id, 16)


def text_of(number: int) -> str:
    """Return the id of a number.

    >>> text_of(number_of("01a224f7dca262b0cf972d2b59fec2b7"))
    '01a224f7dca262b0cf972d2b59fec2b7'
    """
    return f"{number:032x}"
