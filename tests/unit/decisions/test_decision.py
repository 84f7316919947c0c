import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.decision import (
    ROUNDED,
    blend,
    decide,
    decision_record,
    may_decide,
    weigh,
)
from chalicelib.decisions.reasons import reasons, with_texts
from chalicelib.decisions.replay_evidence import evidence
from chalicelib.profile import Policy, Score, load
from chalicelib.scoring.branch_results import Answer, Scored, Unavailable

PROFILE = msgspec.structs.replace(load(), rules=(), offer=None)  # test_policy_rules.py has those
MODELS = list(PROFILE.models)
FEATURES = list(PROFILE.features)
SCALE = Score(points_to_double_odds=20, base_points=600, base_odds=50)
DOWN = Unavailable({"Error": "States.Timeout", "Cause": ""})

logits = st.floats(-12, 12)
contributions = st.dictionaries(st.sampled_from(FEATURES), st.floats(-3, 3), max_size=8)


def answer(logit: float = -3.0, parts: dict[str, float] | None = None) -> Scored:
    parts = parts or {}
    return Scored(
        version="20260101T000000",
        sha256="ab" * 32,
        probability_of_default=1 / (1 + math.exp(-logit)),
        baseline=logit - math.fsum(parts.values()),
        contributions=parts,
    )


def decided(answers: dict[str, Answer]) -> dict[str, Any]:
    return decide({}, answers, PROFILE, "es")


@given(logits, logits)
def test_a_likelier_default_never_has_more_points(one, other):
    likely, unlikely = max(one, other), min(one, other)

    assert SCALE.points(likely) <= SCALE.points(unlikely)


@given(st.floats(-8, 8))
def test_twice_the_odds_are_the_points_that_double_them(logit):
    assert SCALE.points(logit - math.log(2)) - SCALE.points(logit) == pytest.approx(20, abs=1)


@given(st.lists(logits, min_size=3, max_size=3))
def test_the_decision_lies_between_the_models(three):
    answers = dict(zip(MODELS, map(answer, three), strict=True))
    probability = decided(answers)["probabilityOfDefault"]
    logit = math.log(probability / (1 - probability)) - PROFILE.decision.intercept
    logit /= PROFILE.decision.slope

    assert min(three) - 1e-6 <= logit <= max(three) + 1e-6


@given(contributions)
def test_a_reason_is_a_feature_that_cost_points_and_the_worst_comes_first(parts):
    found = reasons(parts, PROFILE.policy)
    costs = [reason["points"] for reason in found]

    assert len(found) <= PROFILE.decision.top_reasons
    assert all(parts[reason["feature"]] > 0 for reason in found)
    assert costs == sorted(costs)
    assert all(cost < 0 for cost in costs)


def test_reasons_speak_the_language_asked_for():
    answers = dict.fromkeys(MODELS, answer(parts={"lenderPeers": 1.0}))
    texts = PROFILE.features["lenderPeers"].reason

    for language, text in (("es", texts.es), ("en", texts.en)):
        outcome = decide({}, answers, PROFILE, language)
        told = [outcome["reasons"], *(model["reasons"] for model in outcome["models"].values())]
        assert [reason["text"] for reasons in told for reason in reasons] == [text] * 4


def test_the_cut_offs_are_the_profiles():
    good, bad = answer(-8), answer(2)

    assert decided(dict.fromkeys(MODELS, good))["decision"] == "APPROVE"
    assert decided(dict.fromkeys(MODELS, bad))["decision"] == "DECLINE"


@given(st.sets(st.sampled_from(MODELS)), logits)
def test_without_the_models_that_must_speak_it_is_review(silent, logit):
    answers: dict[str, Answer] = dict.fromkeys(MODELS, answer(logit))
    answers |= dict.fromkeys(silent, DOWN)
    outcome = decided(answers)
    heard = set(MODELS) - silent
    policy = PROFILE.decision
    weight = sum(policy.weights[name] for name in heard) / sum(policy.weights.values())
    enough = (
        set(policy.mandatory) <= heard
        and len(heard) >= policy.minimum_models
        and weight >= policy.minimum_weight
    )

    assert (outcome["decisionBasis"] == "SCORE") == enough
    assert enough or outcome["decision"] == "REVIEW"
    assert all(outcome["models"][name]["status"] == "UNAVAILABLE" for name in silent)


def test_no_answer_at_all_has_no_score():
    outcome = decided(dict.fromkeys(MODELS, DOWN))

    assert (outcome["decision"], outcome["score"], outcome["reasons"]) == ("REVIEW", None, [])


def test_an_unavailable_model_shows_a_code_and_keeps_its_cause_for_the_log():
    caught = Unavailable({"Error": "ModelNotReady", "Cause": '{"errorMessage": "x is starting."}'})
    shown = decided(dict.fromkeys(MODELS, caught))["models"]["Tradicional"]

    assert caught.cause() == "ModelNotReady: x is starting."
    assert shown == {"status": "UNAVAILABLE", "cause": "NOT_READY"}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("States.Timeout", "TIMEOUT"),
        ("EndpointTimeout", "TIMEOUT"),
        ("EndpointThrottled", "THROTTLED"),
        ("EndpointUnavailable", "UNREACHABLE"),
        ("ModelRejected", "REJECTED"),
        ("CircuitOpen", "CIRCUIT_OPEN"),
        ("Lambda.AWSLambdaException", "FAULT"),
    ],
)
def test_each_fault_has_its_public_code(error, code):
    assert Unavailable({"Error": error, "Cause": "dev-appvengers-Tradicional"}).code() == code


def test_the_answer_names_the_cut_offs_and_what_is_missing():
    whole = decided(dict.fromkeys(MODELS, answer()))
    partial = decided(dict.fromkeys(MODELS, answer()) | {MODELS[2]: DOWN, MODELS[1]: DOWN})
    policy = PROFILE.decision

    assert whole["cutOffs"] == {
        "approveFrom": policy.approve_from,
        "declineBelow": policy.decline_below,
    }
    assert not {"partial", "missing"} & whole.keys()
    assert (partial["partial"], partial["missing"]) == (True, sorted(MODELS[1:]))


WEIGHTS = ({"a": 0.1, "b": 0.1, "c": 0.8}, {"a": 0.1, "b": 0.2, "c": 0.3}, {"a": 7, "b": 1, "c": 2})


@pytest.mark.parametrize("weights", WEIGHTS, ids=str)
@pytest.mark.parametrize("heard", ["a", "ab", "bc", "abc"])
def test_the_minimum_weight_is_enough_at_equality_and_not_below(weights, heard):
    share = sum(weights[name] for name in heard) / sum(weights.values())
    policy = msgspec.structs.replace(
        PROFILE.decision, weights=weights, mandatory=(), minimum_models=1
    )
    at = msgspec.structs.replace(policy, minimum_weight=share)
    above = msgspec.structs.replace(policy, minimum_weight=share + 1e-6)

    assert may_decide([*heard], at) == "SCORE"
    assert may_decide([*heard], above) == "TOO_LITTLE_WEIGHT"


def test_too_little_weight_is_reviewed_whatever_the_score():
    answers = dict.fromkeys(MODELS, answer(-9)) | {"AppVengersAccelerator": DOWN}
    outcome = decided(answers)

    assert PROFILE.decision.minimum_weight == 0.6
    assert (outcome["decision"], outcome["decisionBasis"]) == ("REVIEW", "TOO_LITTLE_WEIGHT")
    assert outcome["score"] > PROFILE.decision.approve_from


STORED_BEFORE = {
    "score": {"points_to_double_odds": 20, "base_points": 600, "base_odds": 50},
    "decision": {
        "approve_from": 561, "decline_below": 543, "minimum_models": 2,
        "mandatory": ["Tradicional"], "top_reasons": 4,
        "weights": {
            "Tradicional": 0.1, "NetworkingAccelerator": 0.1, "AppVengersAccelerator": 0.8,
        },
        "intercept": 0.379, "slope": 1.13, "maximum_disagreement": 104,
        "review_unseen": ["lender", "naics", "state"],
    },
}  # fmt: skip


def test_a_policy_stored_before_there_was_a_minimum_weight_has_its_old_version_and_none():
    policy = msgspec.convert(STORED_BEFORE, Policy)
    two = dict.fromkeys(MODELS, answer(-9)) | {"AppVengersAccelerator": DOWN}

    assert policy.version() == "c27a61c516c3"
    assert weigh({}, two, policy)["decisionBasis"] == "SCORE"


@pytest.mark.parametrize(
    ("side", "spanish", "english"),
    [
        ("ABOVE", "por encima de lo habitual", "above what is usual"),
        ("BELOW", "por debajo de lo habitual", "below what is usual"),
        ("OTHER", "no es lo habitual", "not what is usual"),
        ("MISSING", "no se conoce", "not known"),
    ],
)
def test_a_reason_says_on_which_side_of_the_usual_the_value_lies(side, spanish, english):
    said = msgspec.structs.replace(
        answer(parts={"amount": 1.0}), directions={"amount": side, "zip": "OTHER"}
    )
    for language, words in (("es", spanish), ("en", english)):
        outcome = decide({}, dict.fromkeys(MODELS, said), PROFILE, language)
        for part in (outcome, *outcome["models"].values()):
            [reason] = part["reasons"]
            text = PROFILE.features["amount"].reason.said_in(language)
            assert reason["direction"] == side
            assert reason["text"].startswith(f"{text}: {words}")


def test_the_direction_is_that_of_the_model_that_costs_the_most_points():
    def saying(side, cost):
        return msgspec.structs.replace(answer(parts={"amount": cost}), directions={"amount": side})

    light, heavy = saying("ABOVE", 1.0), saying("BELOW", 0.5)  # 0.1 x 1.0 and 0.8 x 0.5
    answers = {MODELS[0]: light, MODELS[1]: light, MODELS[2]: heavy}
    [reason] = decided(answers)["reasons"]

    assert reason["direction"] == "BELOW"


def test_a_model_that_gives_more_points_than_others_cost_does_not_give_the_direction():
    def saying(side, cost):
        return msgspec.structs.replace(answer(parts={"amount": cost}), directions={"amount": side})

    costs, gives = saying("ABOVE", 1.0), saying("BELOW", -0.2)  # 2 x 0.1 x 1.0 and 0.8 x -0.2
    [reason] = decided({MODELS[0]: costs, MODELS[1]: costs, MODELS[2]: gives})["reasons"]

    assert reason["direction"] == "ABOVE"


@given(st.permutations(MODELS), contributions)
def test_the_order_of_the_answers_decides_nothing(order, parts):
    answers = {name: answer(logit, parts) for name, logit in zip(MODELS, (-1, -2, -4), strict=True)}

    assert decided({name: answers[name] for name in order}) == decided(answers)


@given(st.lists(logits, min_size=3, max_size=3), contributions, st.floats(0.1, 3))
def test_baseline_and_contributions_of_the_blend_sum_to_its_logit(three, parts, slope):
    scored = {name: answer(x, parts) for name, x in zip(MODELS, three, strict=True)}
    policy = msgspec.structs.replace(PROFILE.decision, slope=slope)
    mixed = blend(scored, policy)
    mean = sum(policy.weights[name] * x for name, x in zip(MODELS, three, strict=True))

    assert mixed.baseline + sum(mixed.contributions.values()) == pytest.approx(mixed.logit)
    assert mixed.logit == pytest.approx(policy.intercept + slope * mean)


@given(st.lists(logits, min_size=3, max_size=3))
def test_the_disagreement_is_the_spread_of_the_scores_shown(three):
    outcome = decided({name: answer(x) for name, x in zip(MODELS, three, strict=True)})
    scores = [model["score"] for model in outcome["models"].values()]

    assert outcome["disagreement"] == max(scores) - min(scores)


def test_models_that_disagree_beyond_the_limit_are_reviewed_whatever_the_score():
    answers = {name: answer(x) for name, x in zip(MODELS, (-9, -9, -5), strict=True)}
    apart = decided(answers)["disagreement"]

    for limit, basis in ((apart, "SCORE"), (apart - 1, "MODELS_DISAGREE"), (None, "SCORE")):
        policy = msgspec.structs.replace(PROFILE.decision, maximum_disagreement=limit)
        outcome = decide({}, answers, msgspec.structs.replace(PROFILE, decision=policy), "es")
        assert outcome["decisionBasis"] == basis
        assert outcome["decision"] == ("APPROVE" if basis == "SCORE" else "REVIEW")


def test_one_model_alone_disagrees_with_nobody_and_none_with_nothing():
    alone = dict.fromkeys(MODELS, DOWN) | {"Tradicional": answer()}

    assert decided(alone)["disagreement"] == 0
    assert decided(dict.fromkeys(MODELS, DOWN))["disagreement"] is None


def unseen_by(model: str, *features: str) -> dict[str, Answer]:
    answers = dict.fromkeys(MODELS, answer(-9))
    return answers | {model: msgspec.structs.replace(answers[model], unseen=features)}


def reviewing(*features: str) -> Any:
    decision = msgspec.structs.replace(PROFILE.decision, review_unseen=features)
    return msgspec.structs.replace(PROFILE, decision=decision)


@given(st.sampled_from(MODELS), logits)
def test_a_code_that_is_new_to_any_model_is_reviewed_whatever_the_score(model, logit):
    answers = unseen_by(model, "lender", "zip") | {"Tradicional": answer(logit)}
    answers[model] = msgspec.structs.replace(answers[model], unseen=("lender", "zip"))
    outcome = decide({}, answers, reviewing("state", "lender"), "es")

    assert (outcome["decision"], outcome["decisionBasis"]) == ("REVIEW", "UNSEEN_CODE")
    assert outcome["unseen"] == ["lender"]
    assert [name for name in MODELS if "unseen" in outcome["models"][name]] == [model]
    assert outcome["models"][model]["unseen"] == ["lender", "zip"]


def test_a_code_that_the_policy_does_not_name_decides_nothing():
    for profile in (reviewing(), reviewing("state")):
        outcome = decide({}, unseen_by("Tradicional", "lender"), profile, "es")

        assert (outcome["decision"], outcome["decisionBasis"]) == ("APPROVE", "SCORE")
        assert "unseen" not in outcome


OTHERWISE = {
    "approve_from": 700.0, "decline_below": 400.0, "minimum_models": 3, "mandatory": (),
    "top_reasons": 9, "intercept": 0.5, "slope": 1.5, "maximum_disagreement": 7.0,
    "review_unseen": ("zip",), "minimum_weight": 0.7, "weights": dict.fromkeys(MODELS, 1.0),
}  # fmt: skip


@pytest.mark.parametrize("field", PROFILE.decision.__struct_fields__)
def test_every_field_of_the_policy_is_in_its_version(field):
    decision = msgspec.structs.replace(PROFILE.decision, **{field: OTHERWISE[field]})

    assert msgspec.structs.replace(PROFILE, decision=decision).policy_version() != (
        PROFILE.policy_version()
    )


def test_the_order_of_the_unseen_and_a_repetition_change_no_policy():
    versions = {
        reviewing(*names).policy_version()
        for names in (("zip", "state"), ("state", "zip"), ("zip", "state", "zip"))
    }

    assert len(versions) == 1
    assert reviewing().policy_version() not in versions


def test_the_order_of_the_mandatory_models_and_a_repetition_change_no_policy():
    def version(*mandatory: str) -> str:
        decision = msgspec.structs.replace(PROFILE.decision, mandatory=mandatory)
        return msgspec.structs.replace(PROFILE, decision=decision).policy_version()

    first, second, _ = PROFILE.models

    assert version(first, second) == version(second, first) == version(second, first, second)
    assert version(first) != version(second) != version(first, second)


def test_a_policy_read_back_from_what_was_stored_has_the_same_version():
    stored = json.loads(json.dumps(msgspec.to_builtins(PROFILE.policy)).replace(".0", ""))

    assert msgspec.convert(stored, Policy).version() == PROFILE.policy_version()


def test_the_policys_version_changes_with_what_decides_and_with_nothing_else():
    stricter = msgspec.structs.replace(PROFILE.decision, approve_from=700)
    renamed = msgspec.structs.replace(PROFILE.product, name="another")
    version = PROFILE.policy_version()

    assert msgspec.structs.replace(PROFILE, decision=stricter).policy_version() != version
    assert msgspec.structs.replace(PROFILE, product=renamed).policy_version() == version


def under(**changes: Any) -> Policy:
    """Return the profile's policy with another decision table."""
    decision = msgspec.structs.replace(PROFILE.decision, **changes)
    return msgspec.structs.replace(PROFILE.policy, decision=decision)


@given(logits, st.integers(1, 50))
def test_each_cut_off_belongs_to_the_better_decision(logit, gap):
    answers = dict.fromkeys(MODELS, answer(logit))
    points = weigh({}, answers, PROFILE.policy)["score"]

    def cut(approve_from: int, decline_below: int) -> str:
        policy = under(approve_from=approve_from, decline_below=decline_below)
        return str(weigh({}, answers, policy)["decision"])

    assert cut(points, points - gap) == "APPROVE"
    assert cut(points + 1, points - gap) == "REVIEW"
    assert cut(points + gap, points) == "REVIEW"
    assert cut(points + 1 + gap, points + 1) == "DECLINE"


@given(st.lists(logits, min_size=3, max_size=3), st.sets(st.sampled_from(MODELS), min_size=1))
def test_the_models_that_answer_share_the_whole_weight(three, heard):
    scored = {name: answer(x) for name, x in zip(MODELS, three, strict=True) if name in heard}
    answers = dict.fromkeys(MODELS, DOWN) | scored
    policy = PROFILE.decision
    weight = sum(policy.weights[name] for name in heard)
    mean = sum(policy.weights[name] * scored[name].baseline for name in heard) / weight
    logit = policy.intercept + policy.slope * mean
    outcome = weigh({}, answers, PROFILE.policy)

    assert outcome["probabilityOfDefault"] == pytest.approx(1 / (1 + math.exp(-logit)))
    assert outcome["score"] == pytest.approx(PROFILE.score.points(logit), abs=1)


@pytest.mark.parametrize(
    ("heard", "basis"),
    [
        (["Tradicional", "AppVengersAccelerator"], "SCORE"),
        (["NetworkingAccelerator", "AppVengersAccelerator"], "MANDATORY_MODEL_UNAVAILABLE"),
        (["AppVengersAccelerator"], "MANDATORY_MODEL_UNAVAILABLE"),
        ([], "MANDATORY_MODEL_UNAVAILABLE"),
        (["Tradicional"], "TOO_FEW_MODELS"),
        (["Tradicional", "NetworkingAccelerator"], "TOO_LITTLE_WEIGHT"),
    ],
)
def test_each_reason_for_a_review_without_enough_models_has_its_code(heard, basis):
    answers = dict.fromkeys(MODELS, DOWN) | dict.fromkeys(heard, answer(-9))
    outcome = weigh({}, answers, PROFILE.policy)

    assert may_decide(heard, PROFILE.decision) == outcome["decisionBasis"] == basis
    assert outcome["decision"] == ("APPROVE" if basis == "SCORE" else "REVIEW")


def test_two_mandatory_models_must_both_answer():
    decision = under(mandatory=tuple(MODELS[:2]), minimum_weight=0.0).decision

    assert may_decide([MODELS[0], MODELS[2]], decision) == "MANDATORY_MODEL_UNAVAILABLE"
    assert may_decide(MODELS[:2], decision) == "SCORE"


def test_a_reason_for_a_review_comes_before_the_next():
    """Too few models first, then an unseen code, then models that disagree."""
    unseen = msgspec.structs.replace(answer(-2), unseen=("lender",))
    answers = dict.fromkeys(MODELS, answer(-9)) | {"Tradicional": unseen}
    policy = under(review_unseen=("lender",), maximum_disagreement=0)
    apart = under(review_unseen=(), maximum_disagreement=0)
    few = under(review_unseen=("lender",), minimum_models=4)

    assert weigh({}, answers, few)["decisionBasis"] == "TOO_FEW_MODELS"
    assert weigh({}, answers, policy)["decisionBasis"] == "UNSEEN_CODE"
    assert weigh({}, answers, apart)["decisionBasis"] == "MODELS_DISAGREE"


@given(st.sets(st.sampled_from(MODELS)))
def test_review_only_sends_every_application_to_review_and_keeps_its_score(silent):
    answers = dict.fromkeys(MODELS, answer(-9)) | dict.fromkeys(silent, DOWN)
    usual, held = (
        weigh({}, answers, PROFILE.policy),
        weigh({}, answers, PROFILE.policy, review_only=True),
    )

    assert (held["decision"], held["decisionBasis"]) == ("REVIEW", "REVIEW_ONLY")
    assert held | {"decision": "", "decisionBasis": ""} == usual | {
        "decision": "",
        "decisionBasis": "",
    }


@given(logits, contributions)
def test_a_model_shows_its_own_score_with_its_probability_and_origin(logit, parts):
    said = answer(logit, parts)
    model = weigh({}, dict.fromkeys(MODELS, said), PROFILE.policy)["models"]["Tradicional"]
    exact = said.baseline + math.fsum(parts.values())

    assert model == {
        "status": "OK",
        "version": "20260101T000000",
        "sha256": "ab" * 32,
        "probabilityOfDefault": 1 / (1 + math.exp(-logit)),
        "score": PROFILE.score.points(exact),
        "reasons": reasons(parts, PROFILE.policy),
    }


def test_a_decision_has_these_fields_and_no_others():
    whole = weigh({}, dict.fromkeys(MODELS, answer()), PROFILE.policy)

    assert [*whole] == [
        "decision", "decisionBasis", "probabilityOfDefault", "score", "cutOffs", "disagreement",
        "reasons", "models", "policyVersion",
    ]  # fmt: skip
    assert whole["policyVersion"] == PROFILE.policy_version()


def test_models_without_any_weight_give_no_score():
    weights = dict.fromkeys(MODELS, 0.0) | {MODELS[2]: 1.0}
    policy = under(weights=weights, minimum_weight=0.0)
    answers = dict.fromkeys(MODELS, answer(-9)) | {MODELS[2]: DOWN}
    outcome = weigh({}, answers, policy)

    assert blend({MODELS[0]: answer()}, policy.decision) is None
    assert (outcome["decision"], outcome["decisionBasis"]) == ("REVIEW", "SCORE")
    assert (outcome["score"], outcome["probabilityOfDefault"]) == (None, None)
    assert outcome["reasons"] == []


def test_the_minimum_weight_forgives_rounding_and_no_more():
    policy = under(mandatory=(), minimum_models=1, weights={"a": 0.5, "b": 0.5}).decision
    rounded = msgspec.structs.replace(policy, minimum_weight=0.5 + 5e-10)
    above = msgspec.structs.replace(policy, minimum_weight=0.5 + 2e-9)

    assert may_decide(["a"], rounded) == "SCORE"
    assert may_decide(["a"], above) == "TOO_LITTLE_WEIGHT"


def test_the_minimum_weight_is_enough_at_the_end_of_its_tolerance():
    heard = 0.6 - ROUNDED
    at = under(
        mandatory=(), minimum_models=1, weights={"a": heard, "b": 1 - heard}, minimum_weight=0.6
    ).decision
    above = msgspec.structs.replace(at, minimum_weight=math.nextafter(0.6, 1))

    assert may_decide(["a"], at) == "SCORE"
    assert may_decide(["a"], above) == "TOO_LITTLE_WEIGHT"


def test_a_record_is_what_was_asked_and_decided_with_its_evidence():
    asked = {
        "predictionId": "p1", "clientId": "ana", "createdAt": "2026-11-29T10:00:00.000Z",
        "language": "en", "application": {}, "somethingElse": 1,
    }  # fmt: skip
    answers = dict.fromkeys(MODELS, answer(-9))
    record = decision_record(asked, answers, PROFILE)
    held = decision_record(asked, answers, PROFILE, review_only=True)

    assert record["predictionId"] == "p1"
    assert "somethingElse" not in record
    assert {**decide({}, answers, PROFILE, "en")}.items() <= record.items()
    assert (record["decision"], record["decisionBasis"]) == ("APPROVE", "SCORE")
    assert record["evidence"] == evidence({}, PROFILE.policy)
    assert (held["decision"], held["decisionBasis"]) == ("REVIEW", "REVIEW_ONLY")


def test_of_models_that_cost_the_same_the_last_by_name_gives_the_direction():
    def saying(side):
        return msgspec.structs.replace(answer(parts={"amount": 1.0}), directions={"amount": side})

    weights = dict.fromkeys(MODELS, 1.0)
    first, *_, last = sorted(MODELS)
    scored = dict.fromkeys(MODELS, saying("OTHER")) | {
        first: saying("ABOVE"),
        last: saying("BELOW"),
    }

    assert blend(scored, under(weights=weights).decision).directions == {"amount": "BELOW"}


def test_a_heaviest_model_without_a_direction_gives_none():
    silent = answer(parts={"amount": 2.0})
    light = msgspec.structs.replace(answer(parts={"amount": 1.0}), directions={"amount": "ABOVE"})

    assert blend({MODELS[2]: silent, MODELS[0]: light}, PROFILE.decision).directions == {}


def test_a_reason_costs_the_points_of_its_contribution_and_ties_go_by_name():
    scale = msgspec.structs.replace(PROFILE.score, points_to_double_odds=20)
    policy = msgspec.structs.replace(under(top_reasons=3), score=scale)
    double = math.log(2)  # 20 points
    parts = {"zip": double, "amount": double, "term": 2 * double, "state": -double, "sector": 0.5}

    assert reasons(parts, policy, {"term": "ABOVE"}) == [
        {"feature": "term", "points": -40, "direction": "ABOVE"},
        {"feature": "amount", "points": -20},
        {"feature": "zip", "points": -20},
    ]


def test_a_contribution_that_rounds_to_no_point_is_no_reason():
    policy = msgspec.structs.replace(under(top_reasons=9), score=SCALE)
    half = math.log(2) / 40  # half a point

    assert reasons({"amount": half * 0.99, "zip": -half}, policy) == []
    assert reasons({"amount": half * 1.01}, policy) == [{"feature": "amount", "points": -1}]


@pytest.mark.parametrize(
    ("side", "spanish", "english"),
    [
        ("ABOVE", ": por encima de lo habitual en préstamos anteriores",
         ": above what is usual for past loans"),
        ("BELOW", ": por debajo de lo habitual en préstamos anteriores",
         ": below what is usual for past loans"),
        ("OTHER", ": no es lo habitual en préstamos anteriores",
         ": not what is usual for past loans"),
        ("MISSING", ": no se conoce", ": not known"),
        (None, "", ""),
    ],
)  # fmt: skip
def test_a_reasons_text_is_the_feature_then_its_direction(side, spanish, english):
    reason = PROFILE.features["amount"].reason
    for language, text in (("es", reason.es + spanish), ("en", reason.en + english)):
        shown = {"feature": "amount"} | ({"direction": side} if side else {})
        with_texts([shown], PROFILE, language)

        assert shown["text"] == text
