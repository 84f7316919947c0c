from itertools import combinations, pairwise, product
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.application import CreditApplication
from chalicelib.governance.rights.counterfactuals.candidate_values import FINER, steps
from chalicelib.governance.rights.counterfactuals.search import (
    AT_ONCE,
    MOST_FIELDS,
    MOST_OF_A_SIZE,
    NEARER,
    REFINEMENTS,
    Found,
    cost,
    filled_in,
    smallest_change,
)
from chalicelib.profile import Actionable, load

PROFILE = load()
GERMAN = load(Path(__file__).parents[3] / "data" / "german.toml")
QUANTILES = {"amount": [10_000.0, 50_000.0, 200_000.0], "guaranteeShare": [0.5, 0.75]}

applications = st.fixed_dictionaries(
    {
        "amount": st.integers(1_000, 5_000_000),
        "guaranteeShare": st.sampled_from([0.5, 0.75, 0.85, 0.9]),
        "employees": st.integers(0, 500),
        "state": st.just("NJ"),
        "naics": st.just("453310"),
        "lender": st.just("A BANK"),
        **dict.fromkeys(
            ("jobsCreated", "jobsRetained", "earlierLoans", "earlierDefaults"), st.just(0)
        ),
    },
    optional={
        "revolving": st.sampled_from(["yes", "no"]),
        "lowDoc": st.sampled_from(["yes", "no"]),
    },
)


class Judge:
    """A scorer of known taste, which counts what it was asked."""

    def __init__(self, threshold: float, weights: tuple[float, float, float, float]) -> None:
        self.sizes: list[int] = []
        self._threshold = threshold
        self._weights = weights

    def score(self, asked: dict) -> float:
        amount, share, revolving, short = self._weights
        return (
            amount * (1 - asked["amount"] / 5e6)
            + share * asked["guaranteeShare"]
            + revolving * (asked.get("revolving") == "no")
            + short * (asked.get("lowDoc") == "no")
        )

    def __call__(self, asked: list[dict]) -> list[bool]:
        self.sizes.append(len(asked))
        return [self.score(one) >= self._threshold for one in asked]


weights = st.tuples(*[st.floats(-1, 1)] * 4)


def tried(application: dict) -> dict:
    return steps(application, PROFILE, QUANTILES)


def found_by(judge: Judge, application: dict) -> dict | None:
    return smallest_change(application, tried(application), PROFILE, judge).change


def combined(application: dict) -> list[dict]:
    values = tried(application)
    return [
        dict(zip(names, chosen, strict=True))
        for count in range(1, len(values) + 1)
        for names in combinations(values, count)
        for chosen in product(*(values[name] for name in names))
    ]


@given(applications, st.floats(-2, 3), weights)
def test_what_is_found_is_approved_and_still_a_valid_application(application, threshold, taste):
    judge = Judge(threshold, taste)
    change = found_by(judge, application)

    if change is not None:
        changed = application | change
        assert judge([changed])[0]
        CreditApplication.from_payload({"clientId": "a", "application": changed}, PROFILE)


@given(applications, st.floats(-2, 3), weights)
def test_only_what_is_in_the_applicants_hands_changes_and_only_where_it_may(
    application, threshold, taste
):
    change = found_by(Judge(threshold, taste), application) or {}

    assert all(PROFILE.features[name].change for name in change)
    assert change.get("amount", 0) <= application["amount"]
    assert change.get("guaranteeShare", 0.5) in (0.5, 0.75, 0.85)
    assert change.get("lowDoc", "no") == "no"


@given(applications, st.floats(-2, 3), weights)
def test_nothing_that_costs_less_would_do_and_none_means_none(application, threshold, taste):
    judge = Judge(threshold, taste)
    change = found_by(judge, application)
    changes = combined(application)
    approved = judge([application | c for c in changes])
    enough = [c for c, is_approved in zip(changes, approved, strict=True) if is_approved]

    assert (change is None) == (not enough)
    if change is not None:
        assert cost(application, change) <= min(cost(application, c) for c in enough)


@given(applications, st.floats(-2, 3), weights)
def test_a_blank_is_filled_in_only_if_no_change_of_what_was_told_would_do(
    application, threshold, taste
):
    judge = Judge(threshold, taste)
    change = found_by(judge, application) or {}
    given_only = [c for c in combined(application) if not filled_in(application, c)]

    if filled_in(application, change):
        assert not any(judge([application | c for c in given_only]))


def test_a_change_of_three_fields_comes_before_one_blank():
    application = {"amount": 900_000, "guaranteeShare": 0.5, "employees": 3, "revolving": "yes"}

    def judge(asked: list[dict]) -> list[bool]:
        return [
            one.get("lowDoc") == "no"
            or (
                one["amount"] < 450_000 and one["guaranteeShare"] > 0.8 and one["revolving"] == "no"
            )
            for one in asked
        ]

    change = smallest_change(application, tried(application), PROFILE, judge).change
    assert change.keys() == {"amount", "guaranteeShare", "revolving"}
    assert smallest_change(
        application | {"revolving": None}, tried(application | {"revolving": None}), PROFILE, judge
    ).change == {"lowDoc": "no"}


@given(st.integers(100_000, 5_000_000), st.floats(0.1, 0.9))
def test_an_amount_is_not_lowered_further_than_it_must(amount, share):
    limit = amount * share
    judge = Judge(1 - limit / 5e6, (1, 0, 0, 0))
    change = found_by(judge, {"amount": amount, "guaranteeShare": 0.8, "employees": 3})

    assert change.keys() == {"amount"}
    assert limit - 0.012 * amount <= change["amount"] <= limit * (1 + 1e-9)


def test_an_amount_that_was_left_out_may_be_given_and_whole_numbers_stay_whole():
    application = {"duration": 48, "checkingAccount": "no checking account"}
    values = steps(application, GERMAN, {"amount": [1234.5]})

    assert {type(value) for value in values["amount"] + values["duration"]} == {int}
    assert values["guarantors"] == ["co-applicant", "guarantor"]
    assert 1230 in values["amount"]
    assert min(values["duration"]) == 4


def test_an_applicant_without_anything_to_change_is_told_none(sba):
    found = smallest_change({"amount": 100}, {}, sba, Judge(9, (0, 0, 0, 0)))

    assert found == Found(None, 0)


def everything_actionable() -> tuple[dict, dict]:
    """A profile whose every number is in the applicant's hands, and what to try of each."""
    features = {
        name: msgspec.structs.replace(feature, actionable=not feature.derive)
        for name, feature in PROFILE.features.items()
        if feature.is_number
    }
    profile = msgspec.structs.replace(PROFILE, features=features)
    application = {name: 7 for name, feature in features.items() if feature.change}
    return profile, application


def test_with_many_numbers_what_is_asked_is_bounded_and_one_and_two_at_once_are_all_tried():
    profile, application = everything_actionable()
    asked: list[dict] = []

    def judge(batch: list[dict]) -> list[bool]:
        assert len(batch) <= AT_ONCE
        asked.extend(batch)
        return [False] * len(batch)

    values = steps(application, profile, {})
    found = smallest_change(application, values, profile, judge)
    changes = [{n: v for n, v in one.items() if v != application[n]} for one in asked]
    singles = [(name, value) for name in values for value in values[name]]
    pairs = {(*sorted(change),) for change in changes if len(change) == 2}

    assert values.keys() == application.keys()
    assert found == Found(None, MOST_FIELDS)
    assert len(asked) <= MOST_FIELDS * MOST_OF_A_SIZE
    assert {item for change in changes if len(change) == 1 for item in change.items()} == {*singles}
    assert pairs == {(*sorted(pair),) for pair in combinations(values, 2)}
    for names in pairs:  # their whole range
        chosen = [c for c in changes if c.keys() == {*names}]
        for name in names:
            ends = min(values[name]), max(values[name])
            assert {c[name] for c in chosen} >= {*ends}


def test_what_can_not_be_tried_at_once_is_not_claimed():
    texts = [f"{n}" for n in range(60)]
    found = smallest_change(
        {"amount": 1, "guaranteeShare": 0.5, "revolving": "x", "lowDoc": "x"},
        {"revolving": texts, "lowDoc": texts},
        PROFILE,
        Judge(9, (0, 0, 0, 0)),
    )

    assert found == Found(None, 1)


@given(applications, st.floats(-2, 3), weights)
def test_few_are_asked_of_the_models(application, threshold, taste):
    judge = Judge(threshold, taste)
    found_by(judge, application)

    assert sum(judge.sizes) <= len(combined(application)) + NEARER * REFINEMENTS * MOST_FIELDS


def test_a_number_is_tried_over_all_that_its_bounds_allow():
    amounts = tried({"amount": 2_345_678, "guaranteeShare": 0.8, "employees": 3})["amount"]
    knots = [100, *QUANTILES["amount"], 2_345_678]

    assert (amounts[0], amounts[-1] < 2_345_678) == (100, True)
    assert amounts == sorted(set(amounts))
    for low, high in pairwise(knots):
        inside = [a for a in (*amounts, 2_345_678) if low <= a <= high]
        assert max(b - a for a, b in pairwise(inside)) <= (high - low) / FINER * 1.02


def test_a_bound_is_tried_as_it_stands_not_rounded():
    amount = msgspec.structs.replace(
        PROFILE.features["amount"], actionable=Actionable(direction="decrease", minimum=12_345.5)
    )
    profile = msgspec.structs.replace(PROFILE, features={"amount": amount})

    assert steps({"amount": 80_000}, profile, {})["amount"][0] == 12_345.5


def test_a_taste_that_is_not_monotone_gets_a_change_that_is_approved():
    def judge(asked: list[dict]) -> list[bool]:
        return [40_000 <= one["amount"] <= 60_000 for one in asked]

    application = {"amount": 300_000, "guaranteeShare": 0.8, "employees": 1}
    change = smallest_change(application, tried(application), PROFILE, judge).change

    assert change == {"amount": pytest.approx(59_000, abs=1_000)}
