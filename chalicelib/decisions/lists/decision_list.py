"""The lists of decisions: GET /decisions and GET /predictions/{clientId}."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.decisions.lists.cursors import CURSOR, OTHER_LIST, opened, sealed
from chalicelib.decisions.lists.id_window import Window
from chalicelib.decisions.lists.list_page import (
    MOST_READS,
    Gather,
    Page,
    Place,
    Reading,
    one_by_one,
    page_of_days,
    page_of_place,
    size_of,
)
from chalicelib.decisions.lists.list_request import (
    Choices,
    ListRequest,
    bank_request,
    client_request,
    wrong,
)

if TYPE_CHECKING:
    from chalicelib.decisions.lists.cursor_keys import Keys  # it imports a client of SSM

Item = dict[str, Any]


class Places(Protocol):
    def of_client(self, client_id: str, asked: ListRequest, now: datetime) -> Place: ...
    def of_day(self, key: str, asked: ListRequest, now: datetime) -> Place: ...


class SigningKeys(Protocol):
    def known(self) -> "Keys": ...
    def newest(self) -> "Keys": ...


@dataclass(frozen=True, slots=True)
class Listed:
    """A page as its caller gets it: the fields that were asked for, and the next cursor."""

    fields: tuple[str, ...]
    decisions: list[Item]
    next: str | None


def _unknown() -> date | None:
    return None


@dataclass(frozen=True, slots=True)
class DecisionLists:
    """Lists over the table, as of a moment. `choices` are the names that a filter may have.

    `gather` reads the keys of a day; before `first_day` the bank has no decision.
    """

    places: Places
    keys: SigningKeys
    choices: Choices
    now: datetime
    clock: Callable[[], float]
    most_reads: int = MOST_READS
    gather: Gather = one_by_one
    first_day: Callable[[], date | None] = _unknown

    def of_bank(self, query: Mapping[str, str]) -> Listed:
        """Return the bank's decisions of some days. Raises InvalidRequest, TableUnavailable, and
        ServiceUnavailable if the cursors' key can't be read.
        """
        asked = bank_request(query, self.choices, self._today)
        place = partial(self.places.of_day, asked=asked, now=self.now)
        size = size_of(asked.limit, shared=True, filtered=bool(asked.filters))
        reading = Reading(self.clock, self.most_reads, self.gather)
        window = self._begun(asked).since(self.first_day())
        return self._listed(asked, page_of_days(window, asked.limit, place, size, reading))

    def of_client(self, client_id: str, query: Mapping[str, str]) -> Listed:
        """Return a client's decisions. Raises as `of_bank` does."""
        asked = client_request(client_id, query, self.choices, self._today)
        place = self.places.of_client(client_id, asked, self.now)
        size = size_of(asked.limit, shared=False, filtered=bool(asked.filters))
        window, reading = self._begun(asked), Reading(self.clock, self.most_reads)
        return self._listed(asked, page_of_place(window, asked.limit, place, size, reading))

    @property
    def _today(self) -> date:
        return self.now.astimezone(UTC).date()

    def _begun(self, asked: ListRequest) -> Window:
        """Return the window, from where the cursor says. Raises InvalidRequest."""
        if asked.cursor is None:
            return asked.window
        if CURSOR.fullmatch(asked.cursor):
            for keys in (self.keys.known, self.keys.newest):
                if found := opened(asked.cursor, asked.selection, keys()):
                    return found
        raise wrong({"cursor": OTHER_LIST})

    def _listed(self, asked: ListRequest, page: Page) -> Listed:
        following = page.rest and sealed(page.rest, asked.selection, self.keys.known()[0])
        shown = [{name: one[name] for name in asked.fields if name in one} for one in page.items]
        return Listed(asked.fields, shown, following or None)
