"""The deployed API answers each hostile request as the bank on one machine does, and a key that
exceeds its limit.
"""

import json

import boto3
import pandas as pd
import pytest

from bank.api import own_answers
from bank.first_run import body_of
from chalicelib.people.access import Scope
from chalicelib.profile.tables.api_tables import Api, Limit
from datasets.sba import SAMPLE, dataset_of
from infrastructure.deploy.steps import api_keys, chalice_deploy, deployed_api
from tests.exceeding import exceed
from tests.hostile_requests import rows, send

OWN = {json.loads(answer.body)["type"]: answer for answer in own_answers(Api(), "dev").values()}


@pytest.fixture(scope="module")
def keys(deployed):
    found = api_keys.keys(boto3.client("apigateway"), deployed.settings)
    return {key.scope: key.value for key in found}


@pytest.fixture(scope="module")
def url(deployed):
    (rest_api,) = chalice_deploy.apis(boto3.client("apigateway"), deployed.settings)
    return f"http://127.0.0.1:{deployed.operator.port}/restapis/{rest_api}/v1/_user_request_"


@pytest.fixture(scope="module")
def unlimited(deployed):
    """The stage and its keys without their limits, which the sheet would exceed."""
    client, settings = boto3.client("apigateway"), deployed.settings
    (rest_api,) = chalice_deploy.apis(client, settings)
    limit = Limit(rate=10_000, burst=5_000)
    plan = deployed_api.usage_plan(client, settings)
    patches = [
        {"op": "replace", "path": f"/throttle/{name}", "value": str(value)}
        for name, value in (("rateLimit", limit.rate), ("burstLimit", limit.burst))
    ]
    client.update_usage_plan(usagePlanId=plan, patchOperations=patches)
    deployed_api.limit_the_stage(client, rest_api, limit)
    yield
    deployed_api.complete(client, boto3.client("ssm"), rest_api, settings)


@pytest.fixture(scope="module")
def valid():
    return body_of(next(iter(dataset_of(pd.read_parquet(SAMPLE)).cases())))


def scope_of(row):
    if row["path"].endswith("/outcome"):
        return Scope.OUTCOMES
    return Scope.READING if row["method"] == "GET" else Scope.SCORING


def test_who_exceeds_the_limit_waits_for_retry_after_and_is_answered(url, keys):
    exceed(url, keys[Scope.READING])


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("row", rows(), ids=lambda row: row["what"])
def test_the_deployed_api_answers_as_the_sheet_says(url, keys, valid, row):
    answer = send(row, url, keys[scope_of(row)], valid)
    problem = json.loads(answer.body)

    assert (answer.status, problem["type"]) == (row["status"], f"urn:problem:{row['type']}")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    if answer.headers["Content-Language"] == "es, en":  # the gateway's own, on both
        same = OWN[problem["type"]]
        assert answer.body == same.body
        assert dict(same.headers).items() <= dict(answer.headers).items()
