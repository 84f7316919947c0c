"""Lists of decisions: pages that put together are the list, by any shards, limit and filter."""

import time
from collections import defaultdict
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.day_index import SHARDS, key_of
from chalicelib.decisions.lists.cursor_keys import new_key
from chalicelib.decisions.lists.decision_list import DecisionLists
from chalicelib.decisions.lists.id_window import Window, first_of, last_of, of_days, text_of
from chalicelib.decisions.lists.list_page import FILTERED_SIZE, MOST_READS, MOST_SECONDS, Slice
from chalicelib.decisions.lists.list_request import Choices
from chalicelib.decisions.lists.parallel_reads import read_all
from chalicelib.foundation.errors import InvalidRequest, TableUnavailable

TODAY = date(2026, 11, 29)
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
DAYS = [TODAY - timedelta(days=back) for back in range(4)]
MODELS = ("Tradicional", "NetworkingAccelerator")
CHOICES = Choices(MODELS, {"location": ("urban", "rural")})
WRONG = {"decision": "approve", "basis": "score", "model": "Tradicional:"}


def decision(number, client="ana", verdict="APPROVE", basis="SCORE", version="v1"):
    models = {"Tradicional": {"status": "OK", "version": version}}
    models["NetworkingAccelerator"] = {"status": "UNAVAILABLE", "cause": "TIMEOUT"}
    return {
        "predictionId": text_of(number), "clientId": client, "decision": verdict,
        "decisionBasis": basis, "models": models,
    }  # fmt: skip


@dataclass
class KeyInMemory:
    items: list
    matches: object
    count: object

    def read(self, window, size):
        """Answer as DynamoDB does: a filter comes after the limit, which alone may end a page."""
        self.count()
        inside = [one for one in self.items if window.oldest <= number(one) <= window.newest]
        evaluated = sorted(inside, key=number, reverse=True)[:size]
        full = len(evaluated) == size
        return Slice([*filter(self.matches, evaluated)], number(evaluated[-1]) if full else None)


@dataclass
class PlacesInMemory:
    keys: dict = field(default_factory=lambda: defaultdict(list))
    clients: dict = field(default_factory=lambda: defaultdict(list))
    reads: int = 0

    def add(self, one, *, is_old=False):
        day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number(one) >> 80)).date()
        self.keys[f"{day}" if is_old else key_of(f"{day}", one["predictionId"])].append(one)
        self.clients[one["clientId"]].append(one)

    def of_client(self, client_id, asked, now):
        return KeyInMemory(self.clients[client_id], partial(wanted, asked.filters), self.count)

    def of_day(self, key, asked, now):
        return KeyInMemory(self.keys[key], partial(wanted, asked.filters), self.count)

    def count(self):
        self.reads += 1


def number(one):
    return int(one["predictionId"], 16)


def wanted(filters, one):
    model = one["models"].get(filters.model, {})
    return (
        filters.decision in (None, one["decision"])
        and filters.basis in (None, one["decisionBasis"])
        and (filters.model is None or model["status"] == "OK")
        and (filters.version is None or model.get("version") == filters.version)
    )


class Keys:
    def __init__(self, *keys):
        self.keys = keys or (new_key(),)
        self.again = 0

    def known(self):
        return self.keys

    def newest(self):
        self.again += 1
        return self.keys


def lists(places, keys=None, clock=time.monotonic, **more):
    return DecisionLists(places, keys or Keys(), CHOICES, NOW, clock, **more)


def pages(ask, query, between=lambda: None):
    """Yield each page of a list."""
    cursor, seen = {}, set()
    while True:
        listed = ask({**query, **cursor})
        assert listed.next not in seen, "no page gets further than the one before"
        seen.add(listed.next)
        yield listed
        if listed.next is None:
            return
        cursor = {"cursor": listed.next}
        between()


IDS = st.builds(
    lambda day, at, chance: (first_of(day) + (at << 80)) + chance,
    st.sampled_from(DAYS), st.integers(0, 86_399_999), st.integers(0, 2**80 - 1),
)  # fmt: skip
DECIDED = st.builds(
    decision, IDS, st.sampled_from(["ana", "eva"]), st.sampled_from(["APPROVE", "REVIEW"]),
    st.sampled_from(["SCORE", "MODELS_DISAGREE"]), st.sampled_from(["v1", "v2"]),
)  # fmt: skip
ALL = st.lists(DECIDED, max_size=60, unique_by=itemgetter("predictionId"))
QUERIES = st.fixed_dictionaries(
    {"limit": st.sampled_from(["1", "2", "3", "7", "100"])},
    optional={
        "decision": st.sampled_from(["APPROVE", "DECLINE"]),
        "basis": st.just("SCORE"),
        "model": st.sampled_from(["Tradicional", "Tradicional:v2", "NetworkingAccelerator"]),
        "from": st.sampled_from([f"{day}" for day in DAYS[2:]]),
        "to": st.sampled_from([f"{day}" for day in DAYS[:2]]),
    },
)


def expected(stored, query):
    first, last = query.get("from", f"{DAYS[-1]}"), query.get("to", f"{DAYS[0]}")
    window = of_days(date.fromisoformat(first), date.fromisoformat(last))
    model, _, version = query.get("model", "").partition(":")
    told = (query.get("decision"), query.get("basis"), model or None, version or None)
    filters = type("Asked", (), dict(zip(("decision", "basis", "model", "version"), told)))  # noqa: B905
    chosen = [one for one in stored if wanted(filters, one)]
    chosen = [one for one in chosen if window.oldest <= number(one) <= window.newest]
    return [one["predictionId"] for one in sorted(chosen, key=number, reverse=True)]


def names(listed):
    return [one["predictionId"] for page in listed for one in page.decisions]


@given(ALL, QUERIES, st.integers(SHARDS + 1, 40), st.data())
def test_the_pages_of_the_bank_have_each_decision_once_and_in_order(stored, query, reads, data):
    places = PlacesInMemory()
    for one in stored:
        for is_old in data.draw(st.sampled_from([[True], [False], [True, False]]), "its keys"):
            places.add(one, is_old=is_old)
    found = pages(lists(places, most_reads=reads).of_bank, query)

    assert names(found) == expected(stored, query)


@given(ALL, QUERIES, st.integers(1, 9))
def test_the_pages_of_a_client_have_each_decision_once_and_in_order(stored, query, reads):
    places = PlacesInMemory()
    for one in stored:
        places.add(one)
    ask = partial(lists(places, most_reads=reads).of_client, "ana")
    own = [one for one in stored if one["clientId"] == "ana"]

    assert names(pages(ask, query)) == expected(own, query)


@given(ALL, st.lists(DECIDED, max_size=30), QUERIES, st.booleans())
def test_decisions_that_arrive_meanwhile_move_none_and_repeat_none(stored, later, query, of_bank):
    """An id that is older than the page may still come: its analysis took long."""
    known = {one["predictionId"] for one in stored}
    later = [one for one in later if one["predictionId"] not in known]
    places, arriving = PlacesInMemory(), iter(later)
    for one in stored:
        places.add(one)
    arrive = lambda: [places.add(one) for one in islice(arriving, 3)]  # noqa: E731
    asked = lists(places)
    ask = asked.of_bank if of_bank else partial(asked.of_client, "ana")
    found = names(pages(ask, query, arrive))
    own = lambda all_of: [o for o in all_of if of_bank or o["clientId"] == "ana"]  # noqa: E731
    before, with_later = expected(own(stored), query), expected(own([*stored, *later]), query)

    assert found == sorted(set(found), reverse=True)
    assert {*before} <= {*found} <= {*with_later}


def test_a_decision_that_is_under_two_keys_while_it_is_migrated_comes_once():
    places, one = PlacesInMemory(), decision(first_of(TODAY) + 5)
    places.add(one, is_old=True)
    places.add(one)
    for limit in ("1", "2"):
        assert names(pages(lists(places).of_bank, {"limit": limit})) == [one["predictionId"]]


def test_a_page_of_days_without_decisions_reads_no_more_than_it_may_and_goes_on():
    places = PlacesInMemory()
    oldest = decision(first_of(TODAY - timedelta(days=29)))
    places.add(oldest)
    read = []
    listed = []
    for page in pages(lists(places).of_bank, {}):
        listed.append(names([page]))
        read.append(places.reads)

    assert MOST_READS == 10 * (SHARDS + 1) == 250
    assert read == [250, 500, 750]
    assert listed == [[], [], [oldest["predictionId"]]]


def test_a_filter_that_matches_one_of_many_reads_no_more_than_it_may():
    places = PlacesInMemory()
    for second in range(3_000):
        places.add(decision(first_of(TODAY) + (second << 80)))
    rare = decision(first_of(TODAY) + (7 << 80) + 1, verdict="DECLINE")
    places.add(rare)
    asked = lists(places, most_reads=40)
    found = [*pages(asked.of_bank, {"decision": "DECLINE", "from": f"{TODAY}"})]
    of_ana = [*pages(partial(asked.of_client, "ana"), {"decision": "DECLINE"})]

    assert [len(one.decisions) for one in found][-1] == 1
    assert names(found) == names(of_ana) == [rare["predictionId"]]
    assert 3_000 / FILTERED_SIZE / 40 < len(of_ana) <= 3
    assert all(one.next for one in found[:-1])


def test_a_full_page_reads_no_more_to_learn_whether_it_is_the_last():
    places = PlacesInMemory()
    places.add(decision(first_of(TODAY)))
    first = lists(places).of_bank({"limit": "1", "from": "2026-11-28"})

    assert places.reads == SHARDS + 1
    assert first.next
    assert lists(places).of_bank({"limit": "1", "from": "2026-11-29"}).next is None


def test_a_table_that_answers_slowly_gives_a_shorter_page():
    places = PlacesInMemory()
    places.add(decision(first_of(TODAY)))
    slow = lists(places, clock=lambda: places.reads * 0.125)
    page = slow.of_bank({"limit": "9"})

    assert len(page.decisions) == 1
    assert page.next
    days = places.reads // (SHARDS + 1)
    assert MOST_SECONDS == 8
    assert (days - 1) * 25 * 0.125 < MOST_SECONDS <= days * 25 * 0.125  # a day is read whole


def test_a_table_too_slow_for_a_second_day_gives_the_first_one():
    places = PlacesInMemory()
    places.add(decision(first_of(TODAY)))
    page = lists(places, clock=lambda: places.reads * MOST_SECONDS).of_bank({})

    assert (len(page.decisions), places.reads, bool(page.next)) == (1, SHARDS + 1, True)


def test_a_page_that_may_not_read_a_day_is_a_problem():
    with pytest.raises(TableUnavailable):
        lists(PlacesInMemory(), most_reads=SHARDS).of_bank({})


def test_no_day_before_the_first_one_is_read():
    places = PlacesInMemory()
    for back in range(4):
        places.add(decision(first_of(TODAY - timedelta(days=back))))
    begun = TODAY - timedelta(days=2)
    found = [*pages(lists(places, first_day=lambda: begun).of_bank, {})]

    assert (len(found), len(found[0].decisions)) == (1, 3)
    assert places.reads == 3 * (SHARDS + 1)
    later = lists(places, first_day=lambda: TODAY + timedelta(days=1)).of_bank({})
    assert (later.decisions, later.next) == ([], None)


def test_keys_that_are_read_at_once_give_the_same_pages():
    places = PlacesInMemory()
    for number in range(300):
        places.add(decision(first_of(TODAY - timedelta(days=number % 3)) + (number << 80)))
    in_turn = names(pages(lists(places).of_bank, {"limit": "7"}))
    at_once = names(pages(lists(places, gather=read_all).of_bank, {"limit": "7"}))

    assert len(in_turn) == 300
    assert at_once == in_turn


def test_keys_are_read_with_the_context_of_who_asks_and_the_first_fault_is_raised():
    asking = ContextVar("asking", default="nobody")

    class Told:
        def __init__(self, fault=None):
            self.fault = fault

        def read(self, window, size):
            if self.fault:
                raise self.fault
            return Slice([{"by": asking.get()}], size)

    asking.set("eva")
    found = read_all([Told() for _ in range(SHARDS + 1)], of_days(TODAY, TODAY), 3)
    assert [(one.items[0]["by"], one.read_to) for one in found] == [("eva", 3)] * (SHARDS + 1)
    with pytest.raises(TableUnavailable):
        read_all([Told(), Told(TableUnavailable()), Told()], of_days(TODAY, TODAY), 3)


@pytest.fixture
def two_pages():
    places = PlacesInMemory()
    for second in range(4):
        places.add(decision(first_of(TODAY) + (second << 80)))
    return places


@given(st.integers(0, 63), st.sampled_from("Aa0-_Z9"))
def test_a_cursor_with_one_character_changed_is_refused(place, character):
    places = PlacesInMemory()
    for second in range(2):
        places.add(decision(first_of(TODAY) + (second << 80)))
    asked = lists(places)
    cursor = asked.of_bank({"limit": "1"}).next
    changed = cursor[:place] + character + cursor[place + 1 :]
    if changed == cursor:
        return
    with pytest.raises(InvalidRequest) as refused:
        asked.of_bank({"limit": "1", "cursor": changed})
    assert [*refused.value.errors] == ["cursor"]


@pytest.mark.parametrize("change", [
    lambda text: "", lambda text: text[:-1], lambda text: text + "A", lambda text: text + "\n",
    lambda text: text[:32], lambda text: "٥" * 64, lambda text: "A" * 64,
])  # fmt: skip
def test_a_cursor_of_another_length_or_alphabet_is_refused(two_pages, change):
    asked = lists(two_pages)
    cursor = asked.of_bank({"limit": "1"}).next

    with pytest.raises(InvalidRequest):
        asked.of_bank({"limit": "1", "cursor": change(cursor)})


@pytest.mark.parametrize("other", [
    {"decision": "APPROVE"}, {"basis": "SCORE"}, {"model": "Tradicional"}, {"to": "2026-11-29"},
    {"from": "2026-11-28"},
])  # fmt: skip
def test_a_cursor_of_another_list_is_refused(two_pages, other):
    asked = lists(two_pages)
    ana = partial(asked.of_client, "ana")
    of_bank, of_ana = asked.of_bank({"limit": "1"}).next, ana({"limit": "1"}).next

    for ask, cursor in (
        (asked.of_bank, of_ana), (ana, of_bank), (partial(asked.of_client, "eva"), of_ana),
        (lambda query: asked.of_bank(query | other), of_bank),
        (lambda query: ana(query | other), of_ana),
    ):  # fmt: skip
        with pytest.raises(InvalidRequest):
            ask({"cursor": cursor})


def test_limit_and_fields_may_change_from_page_to_page(two_pages):
    asked, day = lists(two_pages), {"from": f"{TODAY}"}
    cursor = asked.of_bank({"limit": "1", **day}).next
    rest = asked.of_bank({"limit": "9", "fields": "clientId", "cursor": cursor, **day})

    assert rest.decisions == [{"clientId": "ana"}] * 3
    assert rest.next is None


def test_the_days_of_a_list_stay_as_they_were_when_midnight_comes(two_pages):
    keys = Keys()
    cursor = lists(two_pages, keys).of_bank({"limit": "3"}).next
    tomorrow = DecisionLists(two_pages, keys, CHOICES, NOW + timedelta(days=40), time.monotonic)

    assert len(tomorrow.of_bank({"limit": "3", "cursor": cursor}).decisions) == 1


def test_a_cursor_outlives_one_rotation_of_its_key(two_pages):
    first, second, third = new_key(), new_key(), new_key()
    cursor = lists(two_pages, Keys(first)).of_bank({"limit": "1"}).next
    again = {"limit": "1", "cursor": cursor}

    assert len(lists(two_pages, Keys(second, first)).of_bank(again).decisions) == 1
    with pytest.raises(InvalidRequest):
        lists(two_pages, Keys(third, second)).of_bank(again)


def test_a_container_that_knows_only_the_former_key_reads_again(two_pages):
    class Rotated(Keys):
        def newest(self):
            self.keys = (new, *self.keys)
            return self.keys

    old, new = new_key(), new_key()
    cursor = lists(two_pages, Keys(new, old)).of_bank({"limit": "1"}).next

    assert lists(two_pages, Rotated(old)).of_bank({"limit": "1", "cursor": cursor}).decisions


def test_what_is_no_cursor_at_all_reads_no_parameter(two_pages):
    keys = Keys()
    with pytest.raises(InvalidRequest):
        lists(two_pages, keys).of_bank({"cursor": "2026-11-29"})
    assert keys.again == 0


@pytest.mark.parametrize(("query", "faults"), [
    ({"from": "2025-11-28"}, ["from"]),  # 367 days
    ({"from": "2026-11-30"}, ["from"]),
    ({"from": "2026-02-30", "to": "x"}, ["from", "to"]),
    ({"from": "", "to": "٢٠٢٦-11-29"}, ["from", "to"]),
    (WRONG, ["decision", "basis", "model"]),
    ({"decision": "", "basis": "", "model": ""}, ["decision", "basis", "model"]),
    ({"segment": "location"}, ["segment"]), ({"segment": "location:moon"}, ["segment"]),
    ({"segment": "state:CA"}, ["segment"]),
    ({"model": "Other"}, ["model"]), ({"model": "Tradicional:v 1"}, ["model"]),
    ({"limit": "0", "fields": "application"}, ["limit", "fields"]),
    ({"limit": "101", "fields": ""}, ["limit", "fields"]),
    ({"fields": "score,evidence"}, ["fields"]),
    ({"decison": "APPROVE"}, ["decison"]),
])  # fmt: skip
def test_a_query_names_all_its_faults_at_once(query, faults):
    with pytest.raises(InvalidRequest) as refused:
        lists(PlacesInMemory()).of_bank(query)
    assert [*refused.value.errors] == faults


def test_a_period_has_366_days_at_most_and_a_clients_has_no_bound():
    places = PlacesInMemory()
    ancient = decision(first_of(date(2019, 1, 1)))
    places.add(ancient)
    asked = lists(places)
    asked.of_bank({"from": "2025-11-29"})

    assert names([asked.of_client("ana", {})]) == [ancient["predictionId"]]
    assert names([asked.of_client("ana", {"from": "2019-01-01", "to": "9999-12-31"})])
    assert names([asked.of_client("ana", {"from": "0001-01-01", "to": "1969-12-31"})]) == []
    with pytest.raises(InvalidRequest):
        asked.of_client("ana", {"from": "2026-11-29", "to": "2026-11-28"})


@pytest.mark.parametrize(
    ("first", "last"), [("9999-01-01", "9999-12-31"), ("2026-11-30", "2027-01-01")]
)
def test_days_to_come_are_not_read(first, last):
    places = PlacesInMemory()

    assert lists(places).of_bank({"from": first, "to": last}).next is None
    assert places.reads == 0


def test_both_ends_of_a_period_are_part_of_it():
    day, places = date(2026, 11, 28), PlacesInMemory()
    for one in (first_of(day) - 1, first_of(day), last_of(day), last_of(day) + 1):
        places.add(decision(one))
    inside = [text_of(last_of(day)), text_of(first_of(day))]
    query = {"from": "2026-11-28", "to": "2026-11-28"}

    assert names([lists(places).of_bank(query)]) == inside
    assert names([lists(places).of_client("ana", query)]) == inside


@given(st.dates(date(1970, 1, 1), date(9999, 12, 31)), st.integers(0, 40))
def test_a_window_of_days_has_those_days(first, count):
    last = min(date.max, first + timedelta(days=count)) if first < date(9999, 11, 1) else first
    days = [*of_days(first, last).days()]

    assert days == [last - timedelta(days=back) for back in range((last - first).days + 1)]
    assert [*Window(5, 4).days()] == []
