"""Each day is anchored once, in the order of the days; what comes late is in a later anchor."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.governance.evidence import chain
from chalicelib.governance.evidence.anchoring import LATE_DAYS, anchor_days
from chalicelib.governance.evidence.chain import BEFORE_ALL, Entry, NotAnAnchor
from chalicelib.governance.evidence.object_log import Listed
from chalicelib.governance.evidence.record_digest import digest, sha256

FIRST = datetime(2026, 11, 2, 2, tzinfo=UTC)
ACT = "data/policies/acts/a.json"


def day_of(back: int) -> str:
    return (FIRST - timedelta(days=1 + back)).date().isoformat()


class Records:
    def __init__(self):
        self.days: dict[str, dict[str, dict]] = {}

    def add(self, record_id: str, day: str) -> dict:
        record = {"clientId": "c", "predictionId": record_id, "score": len(record_id)}
        self.days.setdefault(day, {})[record_id] = record
        return record

    def of_day(self, day):
        return iter(self.days.get(day, {}).values())

    keys_of_day = of_day

    def get(self, key):
        return key


class Objects(dict):
    def listed(self):
        return [Listed(name, "policy-act", day) for name, (day, _) in self.items()]

    def read(self, object_id):
        return self[object_id][1]


class Anchors:
    def __init__(self):
        self.stored: dict[str, bytes] = {}

    def read(self, day):
        return self.stored[day]

    def add(self, day, body):
        return self.stored.setdefault(day, body) is body


@pytest.fixture
def records():
    return Records()


@pytest.fixture
def anchors():
    return Anchors()


def entries(anchors, day):
    return chain.entries_of(chain.read(anchors.stored[day]))


def run(records, anchors, days=0, objects=None):
    return anchor_days(FIRST + timedelta(days=days), records, objects or Objects(), anchors)


def test_yesterday_is_anchored_with_its_records(records, anchors):
    record = records.add("p1", day_of(0))
    records.add("today", FIRST.date().isoformat())

    assert run(records, anchors) == {"anchored": [day_of(0)]}
    (entry,) = entries(anchors, day_of(0))
    assert (entry.id, entry.kind, entry.digest) == ("p1", "decision", digest(record))
    assert chain.read(anchors.stored[day_of(0)])["previous"] == BEFORE_ALL


def test_a_repeat_a_late_run_and_an_early_one_change_nothing(records, anchors):
    run(records, anchors, days=1)
    run(records, anchors, days=2)
    before = dict(anchors.stored)
    records.add("p1", day_of(-1))

    for days in (2, 1, 0, -5):
        assert run(records, anchors, days) == {"anchored": []}
    assert anchors.stored == before


def test_missed_days_are_caught_up_in_their_order(records, anchors):
    run(records, anchors)
    for back in (-1, -2, -3):
        records.add(f"p{back}", day_of(back))

    assert run(records, anchors, days=3) == {"anchored": [day_of(-1), day_of(-2), day_of(-3)]}
    found = [chain.read(body) for _, body in sorted(anchors.stored.items())]
    assert [*chain.breaks(found)] == []
    assert [len(one["entries"]) for one in found] == [0, 1, 1, 1]


@pytest.mark.parametrize(("back", "is_anchored"), [(LATE_DAYS, True), (LATE_DAYS + 1, False)])
def test_a_record_that_comes_late_is_in_a_later_anchor_with_its_day(
    records, anchors, back, is_anchored
):
    run(records, anchors, days=-1)
    records.add("late", day_of(back))
    run(records, anchors)

    found = [(entry.id, entry.day) for entry in entries(anchors, day_of(0))]
    assert found == ([("late", day_of(back))] if is_anchored else [])


def test_a_late_record_is_anchored_once(records, anchors):
    run(records, anchors, days=-1)
    records.add("late", day_of(3))
    run(records, anchors, days=LATE_DAYS + 2)

    found = [one.id for day in anchors.stored for one in entries(anchors, day)]
    assert found == ["late"]


def test_an_object_is_anchored_when_it_is_written_and_again_if_it_is_rewritten(records, anchors):
    objects = Objects({ACT: (day_of(0), b"first")})
    run(records, anchors, objects=objects)
    run(records, anchors, days=1, objects=objects)
    objects[ACT] = (day_of(-2), b"second")
    run(records, anchors, days=2, objects=objects)

    found = [[(one.id, one.digest) for one in entries(anchors, day)] for day in anchors.stored]
    assert found == [[(ACT, sha256(b"first"))], [], [(ACT, sha256(b"second"))]]


def test_the_first_anchor_has_objects_of_all_days(records, anchors):
    run(records, anchors, objects=Objects({ACT: ("2020-01-01", b"old")}))

    assert [(one.id, one.day) for one in entries(anchors, day_of(0))] == [(ACT, "2020-01-01")]


def test_another_run_that_was_quicker_ends_this_one(records, anchors):
    class Quicker(Anchors):
        def add(self, day, body):
            return False

    assert run(records, Quicker()) == {"anchored": []}


def test_nothing_is_chained_to_an_anchor_that_was_changed(records, anchors):
    run(records, anchors)
    anchors.stored[day_of(0)] = anchors.stored[day_of(0)].replace(b"0", b"1", 1)

    with pytest.raises(NotAnAnchor):
        run(records, anchors, days=1)
    assert [*anchors.stored] == [day_of(0)]


def test_an_anchor_of_the_future_stops_nothing(records, anchors):
    run(records, anchors)
    anchors.stored["2099-01-01"] = b"forged"

    assert run(records, anchors, days=1) == {"anchored": [day_of(-1)]}


ENTRIES = st.lists(
    st.builds(Entry, st.text(max_size=4), st.text(max_size=3), st.text(max_size=4), st.just("d")),
    unique_by=lambda entry: entry,
    max_size=5,
)


@given(ENTRIES, st.randoms())
def test_the_order_in_which_entries_come_does_not_matter(found, chance):
    shuffled = [*found, *found[:1]]
    chance.shuffle(shuffled)

    assert chain.anchor("d", BEFORE_ALL, shuffled) == chain.anchor("d", BEFORE_ALL, found)


@given(ENTRIES, st.data())
def test_any_flipped_bit_of_an_anchor_is_seen(found, data):
    body = chain.encoded(chain.anchor("d", BEFORE_ALL, found))
    place = data.draw(st.integers(0, len(body) - 1))
    flipped = bytearray(body)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))

    assert chain.read(body)["day"] == "d"
    with pytest.raises(NotAnAnchor):
        chain.read(bytes(flipped))


@pytest.mark.parametrize("name", ["format", "day", "previous", "entries", "head"])
def test_an_anchor_without_one_of_its_parts_is_none(name):
    whole = chain.anchor("d", BEFORE_ALL, [])

    with pytest.raises(NotAnAnchor):
        chain.read(chain.encoded({part: whole[part] for part in whole if part != name}))
