"""The hourly watch over erasures: what was cut off, and what came while a client was erased."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.foundation.errors import TableUnavailable
from chalicelib.governance.erasure.erasure_sweep import LATER, watch
from chalicelib.governance.erasure.erasure_table import _closed, _sweep

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
BEGUN = AT - timedelta(hours=2)
ORDERS = [{"clientId": "ana"}, {"clientId": "ben"}, {"clientId": "eva"}]


def sweep_of(client):
    erasure = {"clientId": "#erasures", "predictionId": f"open#{client}", "pseudonym": "p"}
    order = {"at": BEGUN.isoformat(), "reason": "COURT_ORDER", "by": {"sub": "s"}}
    return _sweep(_closed(erasure | order, {}, BEGUN))


class Begun:
    """Open erasures, sweeps, and an eraseClient that can't finish those of `broken` clients."""

    def __init__(self, orders=(), sweeps=(), broken=(), noted=()):
        self.orders, self.sweeps, self.broken = orders, [*sweeps, *noted], broken
        self.tried, self.asked = [], []

    def unfinished(self, before):
        self.asked.append(before)
        yield from self.orders

    def to_sweep(self, before):
        self.asked.append(before)
        yield from [one for one in self.sweeps if one["predictionId"].startswith("sweep#")]

    def late(self, before):
        self.asked.append(before)
        yield from [one for one in self.sweeps if one["predictionId"].startswith("late#")]

    def swept(self, sweep):
        self.sweeps.remove(sweep)

    def erase(self, order):
        self.tried.append(order)
        if order["clientId"] in self.broken:
            raise TableUnavailable


class Stored:
    """What the day index and the queue have."""

    def __init__(self, made=(), outcomes=(), acts=(), cases=()):
        self.found = {"made": made, "outcomes": outcomes, "acts": acts, "cases": cases}
        self.first = ""

    def made_in(self, day, first, last, page):
        self.first = self.first or first
        yield from self._of("made")

    def outcomes_reported_on(self, day):
        yield from self._of("outcomes")

    def acts_on(self, day, after):
        yield from self._of("acts")

    def due_before(self, now):
        yield from self._of("cases")

    def _of(self, kind):
        return ({"clientId": client} for client in self.found[kind])


def test_each_erasure_that_was_open_for_an_hour_is_ordered_again():
    begun = Begun(ORDERS)

    assert watch(AT, begun, Stored(), Stored(), begun.erase) == {
        "finished": 3,
        "swept": 0,
        "late": 0,
    }
    assert begun.tried == ORDERS
    assert begun.asked == [AT - LATER] * 3


def test_one_that_does_not_end_fails_the_watch_after_all_others_were_tried():
    begun = Begun(ORDERS, broken=["ana"])
    with pytest.raises(TableUnavailable):
        watch(AT, begun, Stored(), Stored(), begun.erase)

    assert begun.tried == ORDERS


@pytest.mark.parametrize("kind", ["made", "outcomes", "acts", "cases"])
def test_what_a_client_has_after_an_erasure_is_erased_until_its_time(kind):
    begun, stored = Begun(sweeps=[sweep_of("ana")]), Stored(**{kind: ["ben", "ana", "ana"]})
    watch(AT, begun, stored, stored, begun.erase)

    again = {"reason": "COURT_ORDER", "by": {"sub": "s"}, "until": BEGUN.isoformat()}
    assert begun.tried == [again | {"clientId": "ana"}]
    assert begun.sweeps == []


def test_a_sweep_that_finds_nothing_or_another_client_erases_nothing_and_is_over():
    begun, stored = Begun(sweeps=[sweep_of("ana")]), Stored(["ben"], ["ben"], ["ben"], ["ben"])
    watch(AT, begun, stored, stored, begun.erase)

    assert (begun.tried, begun.sweeps) == ([], [])
    before = int((BEGUN - timedelta(minutes=15)).timestamp() * 1000)
    assert stored.first == f"{before:012x}"


def test_a_sweep_stays_if_its_erasure_does_not_end():
    begun, stored = Begun(sweeps=[sweep_of("ana")], broken=["ana"]), Stored(["ana"])
    with pytest.raises(TableUnavailable):
        watch(AT, begun, stored, stored, begun.erase)

    assert len(begun.sweeps) == 1


def test_what_a_batch_stored_during_an_erasure_is_erased_and_its_note_goes():
    order = {"reason": "COURT_ORDER", "by": {"sub": "s"}, "until": BEGUN.isoformat()}
    noted = [{"predictionId": f"late#{name}", "at": AT.isoformat(), **order} for name in "ab"]
    begun = Begun(noted=noted, broken=["b"])
    with pytest.raises(TableUnavailable):
        watch(AT, begun, Stored(), Stored(), begun.erase)

    assert begun.tried == [order | {"clientId": "a"}, order | {"clientId": "b"}]
    assert begun.sweeps == [noted[1]]
