"""The deployed API answers each hostile request as the bank on one machine does."""

import json

import boto3
import pandas as pd
import pytest

from bank.api import own_answers
from bank.first_run import body_of
from chalicelib.people.access import Scope
from datasets.sba import SAMPLE, dataset_of
from infrastructure.deploy.steps import api_keys, chalice_deploy
from tests.hostile_requests import rows, send

OWN = {json.loads(answer.body)["type"]: answer for answer in own_answers().values()}


@pytest.fixture(scope="module")
def keys(deployed):
    found = api_keys.keys(boto3.client("apigateway"), deployed.settings)
    return {key.scope: key.value for key in found}


@pytest.fixture(scope="module")
def valid():
    return body_of(next(iter(dataset_of(pd.read_parquet(SAMPLE)).cases())))


def scope_of(row):
    if row["path"].endswith("/outcome"):
        return Scope.OUTCOMES
    return Scope.READING if row["method"] == "GET" else Scope.SCORING


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["what"])
def test_the_deployed_api_answers_as_the_sheet_says(deployed, keys, valid, row):
    (rest_api,) = chalice_deploy.apis(boto3.client("apigateway"), deployed.settings)
    url = f"http://127.0.0.1:{deployed.operator.port}/restapis/{rest_api}/v1/_user_request_"
    answer = send(row, url, keys[scope_of(row)], valid)
    problem = json.loads(answer.body)

    assert (answer.status, problem["type"]) == (row["status"], f"urn:problem:{row['type']}")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    if answer.headers["Content-Language"] == "es, en":  # the gateway's own, on both
        same = OWN[problem["type"]]
        assert answer.body == same.body
        assert dict(same.headers).items() <= dict(answer.headers).items()
