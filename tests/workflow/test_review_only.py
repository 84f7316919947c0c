"""One parameter leaves every decision to a person."""

import time

import boto3
import pytest

from chalicelib.governance.policies.review_only_switch import SECONDS_UNTIL_SEEN, ReviewOnlySwitch
from infrastructure.deploy.steps.stack import deploy
from infrastructure.operate.review_only import switch


@pytest.fixture
def ssm():
    return boto3.client("ssm")


@pytest.fixture
def review_only(served, ssm):
    yield switch(ssm, served.bank.settings, "on")
    switch(ssm, served.bank.settings, "off")
    time.sleep(SECONDS_UNTIL_SEEN)


def test_review_only_is_seen_within_seconds_and_recorded_on_every_decision(
    served, loans, review_only
):
    time.sleep(SECONDS_UNTIL_SEEN)
    answers = [served.predict(loan) for loan in loans[20:40:2]]
    path = f"/predictions/{answers[0]['clientId']}/{answers[0]['predictionId']}"

    assert review_only == "on"
    assert {(a["decision"], a["decisionBasis"]) for a in answers} == {("REVIEW", "REVIEW_ONLY")}
    assert served.get(path).json()["decisionBasis"] == "REVIEW_ONLY"
    assert all(answer["score"] for answer in answers)  # the person sees what the models say
    for answer in answers:
        told = served.get(f"/predictions/{answer['clientId']}/{answer['predictionId']}/change")
        assert (told.json()["outcome"], told.json()["today"]["decision"]) == (
            "REVIEW_ONLY",
            "REVIEW",
        )


def test_it_is_off_when_it_says_so(served, loans):
    assert served.predict(loans[20])["decisionBasis"] == "SCORE"


def test_a_parameter_that_is_not_there_is_on(served, ssm):
    assert ReviewOnlySwitch(ssm, "/dev/appvengers/absent").is_on()


def test_a_deployment_does_not_change_it(served, ssm, review_only):
    deploy(boto3.client("cloudformation"), "appvengers", "dev")

    assert switch(ssm, served.bank.settings, "show") == "on"
