"""Whom a challenger would have decided otherwise, and how those did."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.decision import weigh
from chalicelib.profile import load
from chalicelib.retraining import swap_set as swaps
from chalicelib.retraining.swap_set import ModelAnswer, Recent, Turned, turns, wilson
from chalicelib.scoring.branch_results import Scored

POLICY = msgspec.structs.replace(load(), rules=(), offer=None).policy
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


def test_no_application_leaves_the_rate_open_and_a_certain_rate_has_its_bound():
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 10)[0] == 0.0
    assert 1 - 1e-12 < wilson(10, 10)[1] <= 1.0
    assert wilson(0, 1)[1] == pytest.approx(0.7934506856227626)  # z^2 / (1 + z^2)


def scored(logit: float) -> Scored:
    return Scored("", "", 1 / (1 + math.exp(-logit)), logit, {})


logits = st.floats(-8, 8)


@given(logits, logits)
def test_both_decisions_are_those_of_the_policy(before, after):
    (turned,) = turns([recent(before, after, "paid")], STRONG, POLICY)
    was = weigh({}, dict.fromkeys(MODELS, scored(before)), POLICY)
    now = weigh({}, dict.fromkeys(MODELS, scored(before)) | {STRONG: scored(after)}, POLICY)

    assert (turned.before, turned.after) == (was["decision"], now["decision"])
    assert turned.probability == pytest.approx(now["probabilityOfDefault"])
    if was["decisionBasis"] == now["decisionBasis"]:
        assert turned.points == pytest.approx(now["score"] - was["score"], abs=1)
    else:
        assert turned.points is None


@pytest.mark.parametrize(
    ("outcome", "bad"), [(None, None), ("defaulted", True), ("paid", False)], ids=str
)
def test_an_outcome_is_bad_good_or_not_known(outcome, bad):
    (turned,) = turns([recent(SAFE, SAFE, outcome)], STRONG, POLICY)

    assert turned.bad is bad


@pytest.mark.parametrize(
    "answer",
    [ModelAnswer("UNAVAILABLE", 0.1), ModelAnswer("FAILED", 0.1), ModelAnswer("OK", None)],
    ids=str,
)
def test_an_answer_without_status_or_probability_is_no_answer(answer):
    assert list(turns([recent(SAFE, SAFE, **{STRONG: answer})], STRONG, POLICY)) == []


@pytest.mark.parametrize(("probability", "decision"), [(0.0, "APPROVE"), (1.0, "DECLINE")])
def test_a_certain_model_decides_as_far_as_a_float_reaches(probability, decision):
    sure = dict.fromkeys(MODELS, ModelAnswer("OK", probability))
    (turned,) = turns([Recent("0190", sure, 0.0)], STRONG, POLICY)
    certain = math.log(1e-15) if probability == 0 else -math.log(1e-15)
    moved = weigh({}, dict.fromkeys(MODELS, scored(certain)), POLICY)["score"]
    after = weigh({}, dict.fromkeys(MODELS, scored(certain)) | {STRONG: scored(0.0)}, POLICY)[
        "score"
    ]

    assert turned.before == decision
    assert turned.points is None or turned.points == pytest.approx(after - moved, abs=5)


def test_models_without_any_weight_turn_nothing():
    """Without a score, there are no points between the two decisions."""
    weights = dict.fromkeys(MODELS, 1.0) | {STRONG: 0.0}
    decision = msgspec.structs.replace(POLICY.decision, weights=weights)
    policy = msgspec.structs.replace(POLICY, decision=decision)
    alone = dict.fromkeys(MODELS, ModelAnswer("UNAVAILABLE")) | {STRONG: said(SAFE)}
    (turned,) = turns([Recent("0190", alone, RISKY)], STRONG, policy)

    assert (turned.before, turned.after, turned.points) == ("REVIEW", "REVIEW", None)
    assert turned.probability == 0.0


def turned(before, after, probability=0.25, bad=None, **segments):
    return Turned(before, after, probability, segments, bad, {}, 0)


def test_the_summary_has_moves_rates_and_the_commonest_segments_first():
    yes_to_no = [
        turned("APPROVE", "DECLINE", 0.5, True, place="b", size="s"),
        turned("APPROVE", "REVIEW", 0.25, False, place="a", size="s"),
        turned("APPROVE", "REVIEW", 0.0, None, place="c"),
        turned("APPROVE", "REVIEW", 0.25, False, place="c"),
    ]
    same = [turned(kind, kind) for kind in ("APPROVE", "REVIEW", "DECLINE")]
    no_to_no = turned("DECLINE", "REVIEW")
    found = swaps.swap_set([None] * 11, [*yes_to_no, *same, no_to_no, turned("REVIEW", "APPROVE")])

    expected, observed = wilson(1.0, 4), wilson(1, 3)
    assert (found["decisions"], found["leftOut"]) == (9, 2)
    assert found["moves"] == [
        {"before": "APPROVE", "after": "APPROVE", "count": 1},
        {"before": "APPROVE", "after": "DECLINE", "count": 1},
        {"before": "APPROVE", "after": "REVIEW", "count": 3},
        {"before": "DECLINE", "after": "DECLINE", "count": 1},
        {"before": "DECLINE", "after": "REVIEW", "count": 1},
        {"before": "REVIEW", "after": "APPROVE", "count": 1},
        {"before": "REVIEW", "after": "REVIEW", "count": 1},
    ]
    assert found["yesToNo"] == {
        "count": 4,
        "expected": {"rows": 4, "rate": 0.25, "low": expected[0], "high": expected[1]},
        "observed": {"rows": 3, "rate": 1 / 3, "low": observed[0], "high": observed[1]},
        "segments": {
            "place": [
                {"value": "c", "count": 2},
                {"value": "a", "count": 1},
                {"value": "b", "count": 1},
            ],
            "size": [{"value": "s", "count": 2}],
        },
    }
    assert found["noToYes"]["count"] == 1
    assert found["noToYes"]["observed"] is None


def test_a_rule_decides_in_the_swap_set_as_it_does_on_the_day():
    policy = load().policy
    fine = {"amount": 50_000, "employees": 5, "earlierDefaults": 0}
    asked = (fine, fine | {"amount": 1_000_001}, {})
    decisions = [msgspec.structs.replace(recent(SAFE, 2.0), application=one) for one in asked]
    turned = [(one.before, one.after) for one in turns(decisions, STRONG, policy)]

    assert turned == [("APPROVE", "REVIEW"), ("REVIEW", "REVIEW"), ("REVIEW", "REVIEW")]


@pytest.mark.parametrize("logit", [SAFE, 0.0, 2.0])
def test_an_answer_has_the_probability_of_its_log_odds(logit):
    answer = swaps.answer_of(said(logit), seen=False)

    assert isinstance(answer, Scored)
    assert answer.probability_of_default == pytest.approx(1 / (1 + math.exp(-logit)))


def test_unseen_codes_of_the_other_models_count_unless_the_challenger_comes_alone():
    """And those of its own are the challenger's, whatever the champion had not met."""
    decision = msgspec.structs.replace(load().decision, review_unseen=("lender",))
    policy = msgspec.structs.replace(POLICY, decision=decision)
    other = next(name for name in MODELS if name != STRONG)
    new = msgspec.structs.replace(said(SAFE), unseen=("lender",))

    def moves(name, **more):
        (turned,) = turns([recent(SAFE, SAFE, **{name: new})], STRONG, policy, **more)
        return turned.before, turned.after

    assert moves(other) == moves(other, alone=False) == ("REVIEW", "REVIEW")
    assert moves(other, alone=True) == ("APPROVE", "APPROVE")
    assert moves(STRONG, alone=True) == ("REVIEW", "APPROVE")


def test_points_are_of_two_scores_that_decided():
    """Another rule before, or another one after: then the scores say nothing of the change."""
    decision = msgspec.structs.replace(load().decision, review_unseen=("lender",))
    policy = msgspec.structs.replace(POLICY, decision=decision)
    unseen = msgspec.structs.replace(said(SAFE), unseen=("lender",))
    known = recent(SAFE, BETTER)
    found = {
        "neither": known,
        "before": recent(SAFE, BETTER, **{STRONG: unseen}),
        "after": msgspec.structs.replace(known, unseen=("lender",)),
    }
    points = {
        name: one.points
        for name, given_one in found.items()
        for one in turns([given_one], STRONG, policy)
    }

    assert points["neither"] < 0
    assert (points["before"], points["after"]) == (None, None)
