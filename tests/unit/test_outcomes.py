"""What became of a loan: told, told again, corrected, refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidOutcome, PredictionNotFound
from chalicelib.outcomes import tell, with_outcomes
from tests.fakes import PredictionList

DECIDED = {"clientId": "ana", "predictionId": "0a", "createdAt": "2026-05-31T23:59:59.999Z"}
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
        tell("ana", "0a", one, predictions, at(day))
    shown = with_outcomes("ana", "0a", predictions)["outcomes"]
    return [{name: one[name] for name in ("outcome", "when")} for one in shown]


def test_an_outcome_is_shown_with_its_decision(predictions):
    answer = tell("ana", "0a", PAID, predictions, at(1))

    assert answer == PAID | {
        "clientId": "ana",
        "predictionId": "0a",
        "toldAt": "2026-08-01T00:00:00.000Z",
    }
    shown = {"outcome": "paid", "when": "2026-06-30", "toldAt": "2026-08-01T00:00:00.000Z"}
    assert with_outcomes("ana", "0a", predictions) == DECIDED | {"outcomes": [shown]}


def test_the_same_again_answers_the_same(predictions):
    answers = [tell("ana", "0a", PAID, predictions, at(day)) for day in (1, 2)]

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
    first, second = (tell("ana", "0a", PAID, behind, at(day)) for day in (1, 2))

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
    ],
)
def test_every_wrong_field_is_named_and_nothing_is_stored(predictions, payload, wrong):
    with pytest.raises(InvalidOutcome) as refused:
        tell("ana", "0a", payload, predictions, at(1))

    assert set(refused.value.errors) == wrong
    assert predictions.outcomes("ana", "0a") == []


@pytest.mark.parametrize("when", ["2026-05-31", "2026-08-01"])
def test_the_day_of_the_decision_and_today_are_days(predictions, when):
    assert tell("ana", "0a", PAID | {"when": when}, predictions, at(1))["when"] == when


def test_an_unknown_prediction_has_no_outcome(predictions):
    with pytest.raises(PredictionNotFound):
        tell("eva", "0a", PAID, predictions, at(1))


@given(st.lists(st.sampled_from([PAID, DEFAULTED, PAID | {"when": "2026-07-01"}]), max_size=8))
def test_the_newest_told_is_the_first_shown_and_repeats_are_one(said):
    predictions = PredictionList()
    predictions.add(DECIDED)
    kept = [one for place, one in enumerate(said) if place == 0 or said[place - 1] != one]

    assert told(predictions, *said) == kept[::-1]
