import msgspec
import pytest

from chalicelib.decisions.replay_evidence import changed_features, evidence
from chalicelib.profile import Policy

APPLICATION = {"amount": 150_000.0, "employees": 3, "state": "TX", "guaranteeShare": 0.75}


@pytest.mark.parametrize(
    "changed",
    [{"state": "TY"}, {"amount": 150_001}, {"guaranteeShare": "0.75"}, {"zip": "1"}],
    ids=str,
)
def test_a_changed_or_an_added_feature_is_named(sba, changed):
    marks = evidence(APPLICATION, sba.policy)["features"]

    assert changed_features(APPLICATION | changed, marks) == list(changed)


def test_a_feature_that_is_gone_is_named(sba):
    marks = evidence(APPLICATION, sba.policy)["features"]

    assert changed_features({"amount": 150_000}, marks) == ["employees", "guaranteeShare", "state"]


def test_a_whole_number_is_the_same_however_dynamodb_keeps_it(sba):
    marks = evidence(APPLICATION, sba.policy)["features"]

    assert changed_features(APPLICATION | {"amount": 150_000}, marks) == []


def test_the_policy_can_be_read_back(sba):
    policy = msgspec.convert(evidence({}, sba.policy)["policy"], Policy)

    assert policy == sba.policy
