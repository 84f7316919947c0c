"""Marks of erasures that were dated back, forged or removed are named, and no others."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.governance.archive import erasure_marks
from chalicelib.governance.evidence import chain, record_digest
from chalicelib.governance.evidence.chain import Entry


def day(number):
    return (date(2026, 11, 1) + timedelta(days=number)).isoformat()


def mark_of(record_id):
    return f"erasure-of#{record_id}"


def erasure(number, ordered):
    return f"erasure#{day(ordered)}T10:00:00.000Z#{number}"


class Kept:
    """Anchors of days with entries, and the archive's records."""

    def __init__(self):
        self.entries, self.records = {}, {}

    def add(self, name, made, anchored=None, **attributes):
        record = {"clientId": "c", "predictionId": name, **attributes}
        digests = record_digest.digests(record)
        entry = Entry(name, record_digest.kind(name), digests.whole, day(made), digests.kept)
        self.entries.setdefault(made if anchored is None else anchored, []).append(entry)
        self.records[name] = record

    def erase(self, names, number, ordered, done=None, counted=None):
        for name in names:
            self.records[name] = record_digest.erased(self.records[name])
            self.add(mark_of(name), ordered)
        done = ordered if done is None else done
        count = len(names) if counted is None else counted
        self.add(erasure(number, ordered), done, loans=count, decisions=0)

    def findings(self, last=9):
        anchors, head = [], chain.BEFORE_ALL
        for number in range(last + 1):
            anchors.append(chain.anchor(day(number), head, self.entries.get(number, [])))
            head = anchors[-1]["head"]
        return [*erasure_marks.findings(anchors, self.records)]


@pytest.fixture
def kept():
    made = Kept()
    for number in range(4):
        made.add(f"p{number}", 2)
    return made


def test_marks_of_erasures_are_as_many_as_these_count(kept):
    kept.erase(["p0", "p1"], 1, 3)
    kept.erase(["p2"], 2, 3)
    kept.erase([], 3, 5)
    kept.erase(["p3"], 4, 6, done=8)

    assert kept.findings() == []


@pytest.mark.parametrize(("marked", "is_named"), [(1, True), (2, False)])
def test_a_mark_of_a_day_before_its_record_is_named(kept, marked, is_named):
    kept.erase(["p0"], 1, marked)

    named = f"erasure-of {mark_of('p0')}: was dated back to {day(1)}, before the day of its record"
    assert [one.startswith(named) for one in kept.findings()] == [True] * is_named


@pytest.mark.parametrize(
    ("marked", "anchored", "is_named"),
    [(4, 6, True), (4, 5, False), (5, 6, False), (4, 4, False), (6, 6, False)],
)
def test_a_mark_that_was_not_there_when_its_record_was_anchored_is_named(
    kept, marked, anchored, is_named
):
    kept.add("late", 3, anchored=5)
    kept.records["late"] = record_digest.erased(kept.records["late"])
    kept.add(mark_of("late"), marked, anchored=anchored)
    kept.add(erasure(1, marked), marked, loans=0, decisions=1)

    found = kept.findings()
    assert len(found) == is_named
    assert all(f"was dated back to {day(4)}: anchor {day(5)} has its" in one for one in found)


def test_a_mark_whose_record_is_not_erased_is_named(kept):
    whole = kept.records["p0"]
    kept.erase(["p0"], 1, 3)
    kept.records["p0"] = whole

    assert kept.findings() == ["decision p0: has the mark of an erasure, and is not erased"]


@pytest.mark.parametrize(
    ("counted", "named"),
    [(1, "they count 1 records, with 2 marks: marks were forged"), (2, None),
     (3, "they count 3 records, with 2 marks: marks were removed")],
)  # fmt: skip
def test_marks_that_are_not_as_many_as_the_erasures_count_are_named(kept, counted, named):
    kept.erase(["p0", "p1"], 1, 3, counted=counted)

    found = kept.findings()
    assert len(found) == (named is not None)
    assert all(one.startswith(f"erasures of {day(3)}: {named}") for one in found)


def test_a_mark_without_any_erasure_is_named(kept):
    kept.erase(["p0"], 1, 3)
    kept.records["p1"] = record_digest.erased(kept.records["p1"])
    kept.add(mark_of("p1"), 4)

    (found,) = kept.findings()
    assert found.startswith(f"erasures of {day(4)}: they count 0 records, with 1 marks")
    assert f"or an erasure was not finished by {day(9)}" in found


def test_an_erasure_over_several_days_counts_the_marks_of_these(kept):
    kept.erase(["p0"], 1, 3, done=5, counted=2)
    kept.add(mark_of("p1"), 4)
    kept.records["p1"] = record_digest.erased(kept.records["p1"])
    assert kept.findings() == []
    kept.add(mark_of("p2"), 5)
    kept.records["p2"] = record_digest.erased(kept.records["p2"])

    (found,) = kept.findings()
    assert found.startswith(f"erasures of {day(3)} to {day(5)}: they count 2 records, with 3 marks")


def test_erasures_outside_the_period_have_unknown_counts(kept):
    kept.erase(["p0", "p1"], 1, 3)
    del kept.records[erasure(1, 3)]

    assert kept.findings() == []


@given(st.data())
def test_no_honest_erasures_are_named_and_each_forged_mark_is(data):
    kept, days = Kept(), st.integers(2, 8)
    for number in range(data.draw(st.integers(0, 4))):
        names = [f"{number}-{one}" for one in range(data.draw(st.integers(0, 3)))]
        for name in names:
            kept.add(name, data.draw(st.integers(0, 2)))
        ordered = data.draw(days)
        kept.erase(names, number, ordered, done=data.draw(st.integers(ordered, 8)))
    assert kept.findings() == []

    kept.add("victim", 1)
    kept.records["victim"] = record_digest.erased(kept.records["victim"])
    kept.add(mark_of("victim"), data.draw(st.integers(0, 9)))
    assert kept.findings()
