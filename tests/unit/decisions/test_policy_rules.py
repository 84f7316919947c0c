"""The bank's own rules: what they decide, beside the score, and without what they need."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.decision import decide, weigh
from chalicelib.profile import Policy, load
from chalicelib.profile.contradictions.rule_contradictions import of_rules
from chalicelib.scoring.branch_results import Scored, Unavailable
from tests.unit.profile.test_rule_contradictions import SAMPLES, rule, some_rules

PROFILE = load()
MODELS = list(PROFILE.models)
GOOD, BETWEEN, BAD = -4.5, -2.4, 0.0  # logits
FINE = {"amount": 50_000, "employees": 5, "earlierDefaults": 0}
DOWN = Unavailable({"Error": "States.Timeout"})


def said(logit: float) -> dict:
    one = Scored("v1", "ab" * 32, 1 / (1 + math.exp(-logit)), logit, {})
    return dict.fromkeys(MODELS, one)


def policy(*rules) -> Policy:
    return msgspec.structs.replace(PROFILE, rules=rules, offer=None).policy


def verdict(outcome: dict) -> tuple[str, str]:
    return outcome["decision"], outcome["decisionBasis"]


@pytest.mark.parametrize(("logit", "by_score"), [(GOOD, "APPROVE"), (BAD, "DECLINE")])
@pytest.mark.parametrize("effect", ["DECLINE", "REVIEW"])
def test_a_rule_decides_before_the_score(logit, by_score, effect):
    large = policy(rule("LARGE", effect, {"input": "amount", "above": 50_000}))

    assert verdict(weigh(FINE, said(logit), large)) == (by_score, "SCORE")
    outcome = weigh(FINE | {"amount": 50_001}, said(logit), large)
    assert verdict(outcome) == (effect, "LARGE")
    assert outcome["rules"] == [{"code": "LARGE", "effect": effect}]


def test_every_rule_that_fired_is_told_and_the_first_decides():
    rules = (
        rule("SECOND", "REVIEW", {"input": "employees", "at_least": 6}),
        rule("FIRST", "DECLINE", {"input": "amount", "above": 1}),
        rule("THIRD", "REVIEW", {"input": "earlierDefaults", "at_most": 0}),
    )
    outcome = weigh(FINE, said(GOOD), policy(*rules))

    assert [one["code"] for one in outcome["rules"]] == ["FIRST", "THIRD"]
    assert verdict(outcome) == ("DECLINE", "FIRST")


def test_a_rule_approves_what_the_score_sends_to_a_person():
    spare = policy(
        rule(
            "SPARE",
            "APPROVE",
            {"input": "score", "at_least": 545},
            {"input": "amount", "below": 9e4},
        )
    )
    assert verdict(weigh(FINE, said(BETWEEN), policy())) == ("REVIEW", "SCORE")
    assert verdict(weigh(FINE, said(BETWEEN), spare)) == ("APPROVE", "SPARE")
    assert verdict(weigh(FINE, said(BAD), spare)) == ("DECLINE", "SCORE")


@pytest.mark.parametrize(
    ("answers", "basis"),
    [
        (said(GOOD) | {"Tradicional": DOWN}, "MANDATORY_MODEL_UNAVAILABLE"),
        (said(GOOD) | {"AppVengersAccelerator": DOWN}, "TOO_LITTLE_WEIGHT"),
        (dict.fromkeys(MODELS, DOWN), "MANDATORY_MODEL_UNAVAILABLE"),
    ],
)
def test_a_rule_approves_only_where_the_score_might(answers, basis):
    spare = policy(rule("SPARE", "APPROVE", {"input": "score", "at_least": 300}))

    assert verdict(weigh(FINE, answers, spare)) == ("REVIEW", basis)


def test_a_rule_declines_though_no_model_answers():
    outcome = weigh(FINE | {"earlierDefaults": 3}, dict.fromkeys(MODELS, DOWN), PROFILE.policy)

    assert verdict(outcome) == ("DECLINE", "REPEATED_DEFAULTS")
    assert outcome["rules"][-1] == {
        "code": "WEAK_BUSINESS", "effect": "REVIEW",
        "missing": ["models.Tradicional.probabilityOfDefault", "score"],
    }  # fmt: skip


def test_the_switch_to_review_only_is_above_all_rules():
    outcome = weigh(FINE | {"earlierDefaults": 3}, said(BAD), PROFILE.policy, review_only=True)

    assert verdict(outcome) == ("REVIEW", "REVIEW_ONLY")


@pytest.mark.parametrize("employees", [0, None])
def test_a_rule_without_its_input_asks_a_person_and_names_it(employees):
    given = FINE | {"employees": employees}
    application = {name: value for name, value in given.items() if value is not None}
    outcome = weigh(application, said(GOOD), PROFILE.policy)

    assert verdict(outcome) == ("REVIEW", "AMOUNT_PER_EMPLOYEE")
    assert outcome["rules"] == [
        {"code": "AMOUNT_PER_EMPLOYEE", "effect": "REVIEW", "missing": ["amountPerEmployee"]}
    ]


def test_an_approval_gives_way_to_a_rule_that_lacks_an_input():
    both = policy(
        rule("SPARE", "APPROVE", {"input": "score", "at_least": 300}),
        rule("LOW_DOC", "REVIEW", {"input": "lowDoc", "one_of": ["yes"]}),
    )
    assert verdict(weigh(FINE, said(GOOD), both)) == ("REVIEW", "LOW_DOC")
    assert verdict(weigh(FINE | {"lowDoc": "no"}, said(GOOD), both)) == ("APPROVE", "SPARE")


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(1_000_000, "APPROVE"), (1_000_000.01, "REVIEW")],
)
def test_the_demos_bounds_are_pinned_at_equality(amount, expected):
    application = FINE | {"amount": amount, "employees": 100}

    assert weigh(application, said(GOOD), PROFILE.policy)["decision"] == expected


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_rule_speaks_the_language_asked_for(language):
    outcome = decide(FINE | {"earlierDefaults": 3}, said(GOOD), PROFILE, language)

    assert outcome["rules"][0]["text"] == PROFILE.rules[0].text.said_in(language)


def test_the_order_of_rules_is_part_of_the_policy_and_that_of_conditions_is_none():
    one = {"input": "amount", "above": 5}
    other = {"input": "state", "one_of": ["CA", "TX"]}
    turned = {"input": "state", "one_of": ["TX", "CA", "TX"]}
    first, again = rule("A_RULE", "REVIEW", one, other), rule("A_RULE", "REVIEW", turned, one)
    second = rule("B_RULE", "DECLINE", {"input": "employees", "above": 5})

    assert policy(first).version() == policy(again).version()
    assert policy(first, second).version() != policy(second, first).version()
    assert policy(first).version() != policy().version()


def test_a_policy_comes_back_from_a_record_as_it_was():
    written = msgspec.to_builtins(PROFILE.policy)
    shuffled = written | {"derived": dict(reversed(written["derived"].items()))}

    assert msgspec.convert(shuffled, Policy).version() == PROFILE.policy_version()
    assert set(written["derived"]) == {"amountPerEmployee"}


def test_a_policy_without_rules_and_offers_keeps_the_version_that_it_had_before_them():
    models = {
        name: msgspec.structs.replace(model, consent=None) for name, model in PROFILE.models.items()
    }
    bare = msgspec.structs.replace(PROFILE, rules=(), offer=None, models=models)

    assert msgspec.to_builtins(bare.policy).keys() == {"score", "decision"}


@given(
    some_rules(),
    st.lists(st.sampled_from(["APPROVE", "REVIEW", "DECLINE"]), min_size=4, max_size=4),
    st.dictionaries(st.sampled_from([*SAMPLES]), st.integers(0, 4)),
    st.lists(st.sampled_from([GOOD, BETWEEN, BAD, None]), min_size=3, max_size=3),
)
def test_nothing_is_approved_where_a_rule_lacks_an_input(rules, effects, places, logits):
    effective = tuple(
        msgspec.structs.replace(one, effect=effect)
        for one, effect in zip(rules, effects, strict=False)
    )
    profile = msgspec.structs.replace(PROFILE, rules=effective)
    application = {
        name: SAMPLES[name][place % len(SAMPLES[name])]
        for name, place in places.items()
        if name != "score"
    }
    answers = {
        model: DOWN if logit is None else said(logit)[model]
        for model, logit in zip(MODELS, logits, strict=True)
    }
    outcome = weigh(application, answers, profile.policy)
    known = {*application} | ({"score"} if outcome["score"] is not None else set())
    lacking = {one.code for one in effective if not {*one.inputs} <= known}

    assert {one["code"] for one in outcome.get("rules", ()) if "missing" in one} == lacking
    if lacking:
        assert outcome["decision"] != "APPROVE"
    if outcome["decision"] == "APPROVE" and not [*of_rules(profile)]:
        fired = {one["effect"] for one in outcome.get("rules", ())}
        assert "DECLINE" not in fired


def test_one_model_alone_neither_agrees_nor_disagrees():
    alone = said(GOOD) | {"NetworkingAccelerator": DOWN, "AppVengersAccelerator": DOWN}
    together = policy(rule("TOGETHER", "REVIEW", {"input": "disagreement", "above": 50}))
    outcome = weigh(FINE, alone, together)

    assert outcome["rules"] == [
        {"code": "TOGETHER", "effect": "REVIEW", "missing": ["disagreement"]}
    ]


def test_two_models_may_disagree():
    together = policy(rule("TOGETHER", "REVIEW", {"input": "disagreement", "above": 50}))
    answers = said(GOOD) | {"AppVengersAccelerator": DOWN}
    apart = answers | {"Tradicional": said(BAD)["Tradicional"]}

    assert "rules" not in weigh(FINE, answers, together)
    assert weigh(FINE, apart, together)["rules"] == [{"code": "TOGETHER", "effect": "REVIEW"}]
