"""What became of a decided loan, told over HTTP."""

import boto3
import pytest
import requests

from chalicelib.decisions.day_index import key_of, keys_of
from tests.workflow.conftest import API_KEY

PAID = {"outcome": "paid"}


@pytest.fixture
def decided(served, loans):
    return served.predict(loans[7])


def day_of(decided):
    return decided["createdAt"][:10]


def tell(served, decided, body, key=API_KEY, prediction=None):
    """Tell an outcome; by default that of the decision's own day."""
    prediction = prediction or decided["predictionId"]
    url = f"{served.url}/predictions/{decided['clientId']}/{prediction}/outcome"
    return requests.post(
        url, json={"when": day_of(decided)} | body, headers={"x-api-key": key}, timeout=30
    )


def test_an_outcome_is_taken_shown_and_taken_once(served, decided):
    first, again = tell(served, decided, PAID), tell(served, decided, PAID)
    corrected = tell(served, decided, PAID | {"outcome": "defaulted"})
    client = f"/predictions/{decided['clientId']}"
    shown = served.get(f"{client}/{decided['predictionId']}").json()

    assert (first.status_code, corrected.status_code) == (200, 200)
    assert first.json() == again.json()
    assert [one["outcome"] for one in shown["outcomes"]] == ["defaulted", "paid"]
    assert "day" not in shown
    newest = served.get(client).json()["predictions"][0]
    assert newest["predictionId"] == decided["predictionId"]


def test_a_wrong_outcome_is_a_problem_that_names_every_field(served, decided):
    response = tell(served, decided, {"outcome": "late", "when": "2001-01-01"})

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "urn:problem:invalid-outcome"
    assert {error["field"] for error in response.json()["errors"]} == {"outcome", "when"}


def test_an_outcome_needs_a_prediction_and_the_key(served, decided):
    assert tell(served, decided, PAID, prediction="0a").status_code == 404
    before = served.stored()
    assert tell(served, decided, PAID, key="wrong").status_code == 403
    assert served.stored() == before


def test_the_index_has_the_days_decisions_and_outcomes(served, decided):
    tell(served, decided, PAID)

    def of(day):
        found = boto3.client("dynamodb").query(
            TableName="dev-appvengers-PrediccionesCredito",
            IndexName="byDay",
            KeyConditionExpression="#day = :day",
            ExpressionAttributeNames={"#day": "day"},
            ExpressionAttributeValues={":day": {"S": day}},
        )
        return [item["predictionId"]["S"] for item in found["Items"]]

    assert decided["predictionId"] in of(key_of(day_of(decided), decided["predictionId"]))
    told = [name for key in keys_of(f"outcomes#{day_of(decided)}") for name in of(key)]
    assert any(decided["predictionId"] in name for name in told)
