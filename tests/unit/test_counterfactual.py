from itertools import combinations, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.application import CreditApplication
from chalicelib.counterfactual import MOST_CANDIDATES, Verdict, cost, smallest_change, steps
from chalicelib.profile import load

PROFILE = load()
GERMAN = load(Path(__file__).parents[1] / "data" / "german.toml")
QUANTILES = {"amount": [10_000.0, 50_000.0, 200_000.0], "guaranteeShare": [0.5, 0.75]}

applications = st.fixed_dictionaries(
    {
        "amount": st.integers(1_000, 5_000_000),
        "guaranteeShare": st.sampled_from([0.5, 0.75, 0.85, 0.9]),
        "employees": st.integers(0, 500),
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

    def __call__(self, asked: list[dict]) -> list[Verdict]:
        self.sizes.append(len(asked))
        scores = [self.score(one) for one in asked]
        return [Verdict(score >= self._threshold, score) for score in scores]


weights = st.tuples(*[st.floats(-1, 1)] * 4)


def tried(application: dict) -> dict:
    return steps(application, PROFILE, QUANTILES)


def found_by(judge: Judge, application: dict) -> dict | None:
    return smallest_change(application, tried(application), PROFILE, judge)


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
        assert judge([changed])[0].is_approved
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
def test_no_combination_of_fewer_fields_would_do_and_none_means_none(application, threshold, taste):
    judge = Judge(threshold, taste)
    change = found_by(judge, application)
    enough = [c for c in combined(application) if judge([application | c])[0].is_approved]

    assert (change is None) == (not enough)
    if change is not None:
        assert len(change) == min(map(len, enough))
        assert cost(application, change) <= min(cost(application, c) for c in enough)


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
    assert smallest_change({"amount": 100}, {}, sba, Judge(9, (0, 0, 0, 0))) is None


def test_one_call_asks_for_no_more_than_it_may_and_the_calls_are_few():
    judge = Judge(999, (1, 1, 1, 1))
    values = {name: [float(n) for n in range(1, 200)] for name in ("amount", "guaranteeShare")}
    found = smallest_change({"amount": 1e6, "guaranteeShare": 0.8}, values, PROFILE, judge)

    assert found is None
    assert judge.sizes == [398, MOST_CANDIDATES]


def test_a_taste_that_is_not_monotone_gets_a_change_that_is_approved():
    def judge(asked: list[dict]) -> list[Verdict]:
        return [Verdict(40_000 <= one["amount"] <= 60_000, one["amount"]) for one in asked]

    application = {"amount": 300_000, "guaranteeShare": 0.8, "employees": 1}
    change = smallest_change(application, tried(application), PROFILE, judge)

    assert change == {"amount": pytest.approx(59_000, abs=1_000)}
