"""Whom a challenger would have decided otherwise, and how those did."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.profile import load
from chalicelib.retraining import swap_set as swaps
from chalicelib.retraining.swap_set import ModelAnswer, Recent, wilson

POLICY = load().policy
MODELS = list(load().models)
STRONG = max(POLICY.decision.weights, key=POLICY.decision.weights.__getitem__)
SAFE, RISKY, BETTER = -5.0, -2.0, -4.0  # logits


def swap_set(recent, model, policy):
    return swaps.swap_set(recent, list(swaps.turns(recent, model, policy)))


def said(logit: float) -> ModelAnswer:
    return ModelAnswer("OK", 1 / (1 + math.exp(-logit)))


def recent(before: float, after: float, outcome: str | None = None, **changes: ModelAnswer):
    """All models said `before`; the challenger of the strongest says `after`."""
    models = dict.fromkeys(MODELS, said(before)) | changes
    segments = {"place": "urban" if before < after else "rural"}
    return Recent("0190", models, after, segments, outcome)


def test_a_challenger_that_says_the_same_turns_nobody():
    found = swap_set([recent(logit, logit) for logit in (SAFE, RISKY, 0.0)], STRONG, POLICY)

    assert found["decisions"] == 3
    assert (found["yesToNo"]["count"], found["noToYes"]["count"]) == (0, 0)
    assert all(move["before"] == move["after"] for move in found["moves"])
    assert found["yesToNo"]["expected"] is None


def test_who_turns_is_counted_with_segments_and_outcomes():
    decisions = [
        recent(SAFE, 2.0, "defaulted"),
        recent(SAFE, 2.0, "paid"),
        recent(SAFE, 2.0),
        recent(RISKY, BETTER, "paid"),
        recent(SAFE, SAFE),
    ]
    found = swap_set(decisions, STRONG, POLICY)
    lost, won = found["yesToNo"], found["noToYes"]

    assert (lost["count"], won["count"]) == (3, 1)
    assert lost["segments"] == {"place": [{"value": "urban", "count": 3}]}
    assert won["segments"] == {"place": [{"value": "rural", "count": 1}]}
    assert (lost["observed"]["rows"], lost["observed"]["rate"]) == (2, 0.5)
    assert lost["expected"]["rate"] > won["expected"]["rate"]
    assert lost["expected"]["low"] < lost["expected"]["rate"] < lost["expected"]["high"]
    assert sum(move["count"] for move in found["moves"]) == 5


def test_a_challenger_that_has_met_a_code_may_decide_what_a_person_had_to():
    decision = msgspec.structs.replace(load().decision, review_unseen=("lender",))
    policy = msgspec.structs.replace(POLICY, decision=decision)
    new = msgspec.structs.replace(said(SAFE), unseen=("lender",))
    known_now = recent(SAFE, SAFE, **{STRONG: new})
    still_new = msgspec.structs.replace(known_now, unseen=("lender",))
    found = swap_set([known_now, still_new], STRONG, policy)

    assert found["noToYes"]["count"] == 1
    assert {"before": "REVIEW", "after": "REVIEW", "count": 1} in found["moves"]


def test_a_decision_that_the_model_had_no_part_in_is_left_out():
    absent = recent(SAFE, 2.0, **{STRONG: ModelAnswer("UNAVAILABLE")})
    found = swap_set([absent, recent(SAFE, SAFE)], STRONG, POLICY)

    assert (found["decisions"], found["leftOut"]) == (1, 1)


def test_a_certain_model_is_no_error():
    sure = dict.fromkeys(MODELS, ModelAnswer("OK", 1.0))

    assert swap_set([Recent("0190", sure, 3.0)], STRONG, POLICY)["decisions"] == 1


@given(st.integers(1, 5000), st.floats(0, 1))
def test_wilsons_interval_holds_the_rate_and_stays_in_its_bounds(rows, rate):
    low, high = wilson(rate * rows, rows)

    assert 0 <= low <= rate + 1e-9
    assert rate - 1e-9 <= high <= 1


def test_wilsons_interval_is_the_published_one():
    assert wilson(10, 100) == pytest.approx((0.0552, 0.1744), abs=5e-5)
