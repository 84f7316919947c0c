"""What became of a loan: told, told again, corrected, refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.outcome_rules import counting_outcome, recorded_source
from chalicelib.decisions.outcomes import MOST, report, with_outcomes
from chalicelib.foundation.errors import (
    InvalidOutcome,
    NotALoan,
    PredictionNotFound,
    TooManyOutcomes,
)
from tests.fakes import PredictionList

DECIDED = {"clientId": "ana", "predictionId": "0a", "createdAt": "2026-05-31T23:59:59.999Z",
           "decision": "APPROVE"}  # fmt: skip
KEY, OTHER, FILE = "apiKey:a1b2c3d4e5", "apiKey:f6g7h8i9j0", "file:credit/newData/told.csv"
PAID = {"outcome": "paid", "when": "2026-06-30"}
DEFAULTED = {"outcome": "defaulted", "when": "2026-07-31"}


@pytest.fixture
def predictions():
    predictions = PredictionList()
    predictions.add(DECIDED)
    return predictions


def at(day: int) -> datetime:
    return datetime(2026, 8, day, tzinfo=UTC)


def told(predictions, *said):
    """On one day after the other."""
    for day, one in enumerate(said, start=1):
        report("ana", "0a", one, KEY, predictions, at(day))
    shown = with_outcomes("ana", "0a", predictions)["outcomes"]
    return [{name: one[name] for name in ("outcome", "when")} for one in shown]


def test_an_outcome_is_shown_with_its_decision(predictions):
    answer = report("ana", "0a", PAID, KEY, predictions, at(1))

    assert answer == PAID | {
        "clientId": "ana",
        "predictionId": "0a",
        "toldAt": "2026-08-01T00:00:00.000Z",
        "source": "API",
    }
    shown = PAID | {"toldAt": "2026-08-01T00:00:00.000Z", "source": "API"}
    assert with_outcomes("ana", "0a", predictions) == DECIDED | {"outcomes": [shown]}


def test_the_same_again_answers_the_same(predictions):
    answers = [report("ana", "0a", PAID, KEY, predictions, at(day)) for day in (1, 2)]

    assert answers[0] == answers[1]
    assert len(predictions.outcomes("ana", "0a")) == 1


def test_a_correction_is_another_and_the_newest_comes_first(predictions):
    assert told(predictions, PAID, DEFAULTED) == [DEFAULTED, PAID]


def test_what_was_said_before_a_correction_can_be_said_again(predictions):
    assert told(predictions, PAID, DEFAULTED, PAID) == [PAID, DEFAULTED, PAID]


def test_two_at_once_are_one(predictions):
    class Behind(PredictionList):
        """A reader that has not seen the other's outcome."""

        def outcomes(self, client_id, prediction_id):
            return []

    behind = Behind()
    behind.add(DECIDED)
    first, second = (report("ana", "0a", PAID, KEY, behind, at(day)) for day in (1, 2))

    assert first == second


@pytest.mark.parametrize(
    ("payload", "wrong"),
    [
        ({}, {"outcome", "when"}),
        ([], {"body"}),
        ({"outcome": "late", "when": "31.05.2026", "note": ""}, {"outcome", "when", "note"}),
        ({"outcome": ["paid"], "when": 20260630}, {"outcome", "when"}),
        (PAID | {"when": "2026-06-31"}, {"when"}),
        (PAID | {"when": "20260630"}, {"when"}),
        (PAID | {"when": "2026-05-30"}, {"when"}),
        (PAID | {"when": "2026-08-02"}, {"when"}),
        (PAID | {"granted": "2026-05-30"}, {"granted"}),
        (PAID | {"granted": "2026-07-01"}, {"granted"}),
        (PAID | {"granted": None}, {"granted"}),
        (PAID | {"source": "file:credit/newData/told.csv"}, {"source"}),
    ],
)
def test_every_wrong_field_is_named_and_nothing_is_stored(predictions, payload, wrong):
    with pytest.raises(InvalidOutcome) as refused:
        report("ana", "0a", payload, KEY, predictions, at(1))

    assert set(refused.value.errors) == wrong
    assert predictions.outcomes("ana", "0a") == []


@pytest.mark.parametrize("when", ["2026-05-31", "2026-08-01"])
def test_the_day_of_the_decision_and_today_are_days(predictions, when):
    assert report("ana", "0a", PAID | {"when": when}, KEY, predictions, at(1))["when"] == when


def test_an_unknown_prediction_has_no_outcome(predictions):
    with pytest.raises(PredictionNotFound):
        report("eva", "0a", PAID, KEY, predictions, at(1))


@given(st.lists(st.sampled_from([PAID, DEFAULTED, PAID | {"when": "2026-07-01"}]), max_size=8))
def test_the_newest_told_is_the_first_shown_and_repeats_are_one(said):
    predictions = PredictionList()
    predictions.add(DECIDED)
    kept = [one for place, one in enumerate(said) if place == 0 or said[place - 1] != one]

    assert told(predictions, *said) == kept[::-1]


def test_each_outcome_keeps_its_source_and_shows_its_kind_only(predictions):
    report("ana", "0a", PAID, KEY, predictions, at(1))
    report("ana", "0a", PAID, FILE, predictions, at(2))
    shown = with_outcomes("ana", "0a", predictions)["outcomes"]

    assert [one["source"] for one in predictions.outcomes("ana", "0a")] == [KEY, FILE]
    assert [one["source"] for one in shown] == ["FILE", "API"]
    assert "a1b2c3d4e5" not in str(shown)
    assert "newData" not in str(shown)


def test_the_same_from_two_sources_are_two_even_at_once(predictions):
    class Behind(PredictionList):
        def outcomes(self, client_id, prediction_id):
            return []

    behind = Behind()
    behind.add(DECIDED)
    for source in (KEY, OTHER, OTHER):
        report("ana", "0a", PAID, source, behind, at(1))

    assert len(PredictionList.outcomes(behind, "ana", "0a")) == 2


def test_a_repeat_is_of_the_source_that_said_it(predictions):
    for day, (said, source) in enumerate([(PAID, KEY), (DEFAULTED, FILE), (PAID, KEY)], start=1):
        report("ana", "0a", said, source, predictions, at(day))

    assert [one["outcome"] for one in predictions.outcomes("ana", "0a")] == ["paid", "defaulted"]


@pytest.mark.parametrize(
    ("decision", "granted", "why"),
    [
        ("DECLINE", {}, "was declined: there is no loan"),
        ("DECLINE", {"granted": "2026-06-01"}, "was declined: there is no loan"),
        ("REVIEW", {}, "say in granted on which day"),
    ],
)
def test_what_was_not_granted_is_no_loan(predictions, decision, granted, why):
    predictions.add(DECIDED | {"predictionId": "0b", "decision": decision})
    with pytest.raises(NotALoan, match=why):
        report("ana", "0b", PAID | granted, KEY, predictions, at(1))

    assert predictions.outcomes("ana", "0b") == []


def test_a_person_grants_what_was_left_to_a_person(predictions):
    predictions.add(DECIDED | {"predictionId": "0b", "decision": "REVIEW"})
    answer = report("ana", "0b", PAID | {"granted": "2026-06-01"}, KEY, predictions, at(1))

    assert answer["granted"] == "2026-06-01"


def test_a_key_flips_an_outcome_so_many_times_and_no_more(predictions):
    """A repeat of its last word is no other, and another source has a number of its own."""
    for number in range(MOST):
        said = (PAID, DEFAULTED)[number % 2]
        report("ana", "0a", said, KEY, predictions, at(number + 1))
    with pytest.raises(TooManyOutcomes, match="keeps 20 outcomes of one key"):
        report("ana", "0a", PAID, KEY, predictions, at(MOST + 1))

    assert len(predictions.outcomes("ana", "0a")) == MOST == 20
    assert report("ana", "0a", DEFAULTED, KEY, predictions, at(MOST + 2))["outcome"] == "defaulted"
    assert report("ana", "0a", PAID, OTHER, predictions, at(MOST + 3))["outcome"] == "paid"


def test_outcomes_from_before_sources_were_kept_have_one():
    old = [{"outcome": "paid"}, {"outcome": "paid", "source": "0359128a0b7599e8"}]

    assert [recorded_source(one) for one in old] == ["apiKey:unknown", "file:credit/newData/"]


def decided_by_a_person(final, decision):
    predictions = PredictionList()
    predictions.add(DECIDED | {"decision": decision})
    acts = [{"verdict": "APPROVE", "at": "2026-06-01"}, {"final": final, "at": "2026-06-02"}]
    for number, act in enumerate(acts):
        predictions.add_act("ana", "0a", number, act)
    return predictions


@pytest.mark.parametrize("decision", ["APPROVE", "REVIEW", "DECLINE"])
def test_an_outcome_belongs_to_what_a_person_decided_at_last(decision):
    approved, declined = (decided_by_a_person(one, decision) for one in ("APPROVE", "DECLINE"))

    assert report("ana", "0a", PAID, KEY, approved, at(1))["outcome"] == "paid"
    with pytest.raises(NotALoan, match="declined"):
        report("ana", "0a", PAID | {"granted": "2026-06-02"}, KEY, declined, at(1))


def test_a_verdict_that_waits_for_a_second_person_decides_nothing():
    predictions = PredictionList()
    predictions.add(DECIDED | {"decision": "REVIEW"})
    predictions.add_act("ana", "0a", 0, {"verdict": "APPROVE", "at": "2026-06-01"})

    with pytest.raises(NotALoan, match="left to a person"):
        report("ana", "0a", PAID, KEY, predictions, at(1))


WORDS = st.lists(
    st.fixed_dictionaries(
        {
            "outcome": st.sampled_from(["paid", "defaulted"]),
            "source": st.sampled_from(["file:a", "apiKey:l", "apiKey:u"]),
        }
    ),
    max_size=6,
)
RULES = (("file:*", "trusted"), ("apiKey:l*", "limited"))


@given(WORDS)
def test_what_a_person_declined_has_no_outcome_that_counts(words):
    assert counting_outcome("DECLINE", words, RULES) is None
    assert counting_outcome("REVIEW", words, RULES) is None  # nobody said when it was granted


@given(WORDS)
def test_a_trusted_word_goes_before_a_limited_one_and_the_newest_counts(words):
    found = counting_outcome("APPROVE", words, RULES)
    by_trust = [[w for w in words if w["source"] == source] for source in ("file:a", "apiKey:l")]

    assert found == next((one[-1] for one in by_trust if one), None)
