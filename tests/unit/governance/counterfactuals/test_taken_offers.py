"""Attempts to take a counter-offer among the acts on a decision, at the limits of their times."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from chalicelib.decisions.intake.idempotency_keys import claim_key
from chalicelib.foundation.errors import CounterOfferClosed, NotALoan
from chalicelib.governance.reviews.review_acts import ReviewAct
from chalicelib.governance.rights.counterfactuals.taken_offers import (
    GIVEN_UP_SECONDS,
    REPEATED_SECONDS,
    Standing,
    _announce,
    _key,
    _taken_before,
    attempted,
    require_not_taken,
    standing,
    taken_by,
)
from tests.fakes import PredictionList

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
KEY = {"source": "apiKey:a1"}
FIRST = {"clientId": "ana", "predictionId": "0a", "decision": "REVIEW"}
NO = ReviewAct("VERDICT", "2026-11-29T11:00:00.000Z", {"sub": "eva"}, "No.", verdict="DECLINE")


@pytest.fixture
def predictions():
    made = PredictionList()
    made.add(FIRST)
    return made


def attempt(predictions, number=0, seconds=0):
    """Announce an attempt that began so many seconds before NOW."""
    act = attempted(KEY, NOW - timedelta(seconds=seconds))
    acts = predictions.acts("ana", "0a")
    _announce(FIRST, acts, msgspec.structs.replace(act, attempt=number), predictions)


def decide(predictions, decision, number=0):
    name = f"0b{number}"
    predictions.claim("ana", claim_key(_key(FIRST, number)), {"claimedId": name})
    predictions.add({"clientId": "ana", "predictionId": name, "decision": decision})


def acts_of(predictions):
    return [msgspec.convert(one, ReviewAct) for one in predictions.acts("ana", "0a")]


def test_without_an_attempt_the_offer_stands_and_no_claim_is_read():
    assert standing(FIRST, [NO], None, NOW) == Standing()
    assert taken_by(FIRST, [{"act": "VERDICT"}], None) is None


@pytest.mark.parametrize(
    ("seconds", "pending"), [(0, True), (GIVEN_UP_SECONDS - 1, True), (GIVEN_UP_SECONDS, False)]
)
def test_an_attempt_without_a_decision_is_under_way_until_it_is_given_up(
    predictions, seconds, pending
):
    attempt(predictions, seconds=seconds)

    assert standing(FIRST, acts_of(predictions), predictions, NOW) == Standing(is_pending=pending)


@pytest.mark.parametrize(("decision", "taken"), [("APPROVE", "0b0"), ("REVIEW", None)])
def test_a_decided_attempt_has_taken_the_offer_if_it_was_approved(predictions, decision, taken):
    attempt(predictions)
    decide(predictions, decision)

    assert standing(FIRST, acts_of(predictions), predictions, NOW) == Standing(taken=taken)
    assert taken_by(FIRST, predictions.acts("ana", "0a"), predictions) == taken


@pytest.mark.parametrize(
    ("age", "acts"), [(0, 1), (REPEATED_SECONDS - 1, 1), (REPEATED_SECONDS, 2)]
)
def test_a_repeat_is_the_same_act_for_a_while(predictions, age, acts):
    attempt(predictions, seconds=age)
    attempt(predictions)

    assert len(acts_of(predictions)) == acts


def test_another_attempt_is_another_act(predictions):
    attempt(predictions)
    decide(predictions, "REVIEW")
    attempt(predictions, number=1)

    assert [one.attempt for one in acts_of(predictions)] == [0, 1]
    assert standing(FIRST, acts_of(predictions), predictions, NOW).is_pending


def test_no_outcome_of_the_first_application_while_or_after_its_counter_offer_is_taken(predictions):
    acts = predictions.acts("ana", "0a")
    require_not_taken(FIRST, acts, predictions, NOW)
    attempt(predictions)
    acts = predictions.acts("ana", "0a")
    with pytest.raises(NotALoan, match="Another amount is being decided on"):
        require_not_taken(FIRST, acts, predictions, NOW)
    decide(predictions, "REVIEW")
    require_not_taken(FIRST, acts, predictions, NOW)
    attempt(predictions, number=1)
    decide(predictions, "APPROVE", number=1)
    with pytest.raises(NotALoan, match="report on the loan of the prediction 0b1"):
        require_not_taken(FIRST, predictions.acts("ana", "0a"), predictions, NOW)


def test_a_taken_counter_offer_is_answered_again_whatever_the_policy_offers_now(predictions):
    first = FIRST | {"application": {"a": 5, "b": 1}}
    attempt(predictions)
    predictions.claim("ana", claim_key(_key(FIRST, 0)), {"claimedId": "0b0"})
    taken = {"clientId": "ana", "predictionId": "0b0", "decision": "APPROVE"}
    predictions.add(taken | {"application": {"a": 4, "b": 1}})
    acts = predictions.acts("ana", "0a")

    repeated = _taken_before(first, acts, {"takenAmount": 4}, predictions)
    assert repeated["predictionId"] == "0b0"
    for other in ({"takenAmount": 3}, {"takenAmount": 4, "x": 1}, {}, [4], None):
        assert _taken_before(first, acts, other, predictions) is None
    assert _taken_before(first, [], {"takenAmount": 4}, predictions) is None


def test_a_verdict_that_came_first_keeps_the_attempt_out(predictions):
    predictions.add_act("ana", "0a", 0, msgspec.to_builtins(NO))
    act = msgspec.structs.replace(attempted(KEY, NOW), attempt=0)
    with pytest.raises(CounterOfferClosed, match="acted on the application at the same time"):
        _announce(FIRST, [], act, predictions)


def test_callers_who_come_at_once_share_an_act(predictions):
    attempt(predictions)
    act = msgspec.structs.replace(attempted(KEY, NOW), attempt=0)
    _announce(FIRST, [], act, predictions)

    assert len(acts_of(predictions)) == 1
