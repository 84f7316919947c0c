"""GET /ready, keepWarm, and a bank whose models were never in service."""

import json

import boto3
import requests

from bank.first_run import body_of
from tests.workflow.conftest import scheduled
from tests.workflow.test_predict import MODELS


def test_before_any_model_was_in_service_nothing_is_stored(served):
    *decisions, stored, ready, health = served.early

    for answer in (*decisions, ready):
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert "Retry-After" in answer.headers
    assert {one.json()["type"] for one in decisions} == {"urn:problem:no-model-in-service"}
    assert {one["status"] for one in ready.json()["models"].values()} == {"UNAVAILABLE"}
    assert stored.json() == {"predictions": [], "next": None}
    assert health.status_code == 200


def test_a_key_that_came_too_early_decides_once_there_are_models(served, loans):
    first, again = (served.post(body_of(loans[0]), **{"Idempotency-Key": "early"}) for _ in "ab")

    assert first.status_code == 200, first.text
    assert {one["status"] for one in first.json()["models"].values()} == {"OK"}
    assert again.json() == first.json()


def test_ready_asks_each_endpoint_and_needs_the_key(served):
    report = served.get("/ready")

    assert requests.get(f"{served.url}/ready", timeout=9).status_code == 403
    assert report.status_code == 200, report.text
    assert report.json()["status"] == "READY"
    assert [one["status"] for one in report.json()["models"].values()] == ["OK"] * 3


def test_the_schedules_event_keeps_all_three_warm(served):
    answer = boto3.client("lambda").invoke(
        FunctionName="appvengers-dev-keepWarm", Payload=json.dumps(scheduled(0))
    )

    assert json.load(answer["Payload"]) == {"late": False, "answered": dict.fromkeys(MODELS, 1)}


def test_a_caller_before_any_model_was_in_service_is_no_fault_of_a_function(served):
    """A fault's line is on the console, in the function's log and in its alarm."""
    assert served.early[0].json()["type"] == "urn:problem:no-model-in-service"
    groups = boto3.client("logs").get_paginator("describe_log_groups").paginate()
    names = [one["logGroupName"] for page in groups for one in page["logGroups"]]
    [name] = [name for name in names if name.endswith("-saveResult")]
    found = boto3.client("logs").filter_log_events(logGroupName=name)["events"]
    assert "NoModelInService" not in " ".join(one["message"] for one in found)
