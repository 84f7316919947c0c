"""A replay by the models in service: what is the same, what differs, and what is gone."""

import math

import pytest

from chalicelib.decisions.decision import decision_record
from chalicelib.foundation.errors import EndpointFault
from chalicelib.governance.evidence import replay_check
from chalicelib.profile import load
from chalicelib.scoring.branch_results import Scored, Skipped, Unavailable

PROFILE = load()
EXAMPLE = dict(PROFILE.examples["small"].application)
NAMES = list(PROFILE.models)
REQUEST = {
    "predictionId": "0" * 32, "clientId": "ana", "createdAt": "2026-11-29T12:00:00.000Z",
    "language": "en", "application": EXAMPLE,
}  # fmt: skip


def scored(logit=-3.0, sha256="ab" * 32):
    return Scored("20260101T000000", sha256, 1 / (1 + math.exp(-logit)), logit, {})


class Scoring:
    def __init__(self, **answers):
        self.answers = answers

    def score_all(self, model, applications):
        found = self.answers.get(model, scored())
        if isinstance(found, Exception):
            raise found
        return [found for _ in applications]


def stored(answers=None, **changes):
    given = dict.fromkeys(NAMES, scored()) | (answers or {})
    return decision_record(REQUEST, given, PROFILE) | changes


def outcome(decision, **answers):
    return replay_check.replayed(decision, Scoring(**answers))["outcome"]


@pytest.mark.parametrize(
    "answers",
    [{}, {NAMES[1]: Skipped("network")}, {NAMES[0]: Unavailable({"Error": "States.Timeout"})}],
)
def test_a_decision_comes_out_the_same(answers):
    decision = stored(answers)
    found = replay_check.replayed(decision, Scoring())

    assert found["outcome"] == "SAME"
    assert all(one["same"] for one in found["checks"])
    assert {one["check"] for one in found["checks"]} == {"POLICY", "DATA", "MODEL", "DECISION"}


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "DECLINE"},
        {"score": 1},
        {"probabilityOfDefault": 0.5},
        {"policyVersion": "000000000000"},
        {"application": EXAMPLE | {"amount": 1}},
        {"evidence": {"features": {}, "policy": {}}},
        {"evidence": None},
    ],
)
def test_a_changed_record_differs(change):
    assert outcome(stored(**change)) == "DIFFERENT"


def test_a_model_that_says_another_thing_differs():
    assert outcome(stored(), **{NAMES[2]: scored(-2.0)}) == "DIFFERENT"


@pytest.mark.parametrize("now", [scored(sha256="cd" * 32), EndpointFault()])
def test_a_model_that_is_not_in_service_is_said_to_be_gone(now):
    assert outcome(stored(), **{NAMES[2]: now}) == "NOT_IN_SERVICE"
    assert outcome(stored(policyVersion="other"), **{NAMES[2]: now}) == "DIFFERENT"
