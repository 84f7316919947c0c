"""The table and its fake, held to the same facts."""

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.errors import PredictionNotFound, TableUnavailable
from chalicelib.predictions import PredictionTable
from infrastructure.stack import deploy
from localcloud.cloud import embedded_cloud
from tests.fakes import PredictionList

PREDICTION = {
    "clientId": "ana",
    "predictionId": "0a",
    "probabilityOfDefault": 0.1 + 0.2,
    "score": 612,
    "application": {"amount": 10000.0, "zip": "07066"},
    "reasons": [{"points": -3, "text": "Ñandú"}],
    "next": None,
}
TABLE = "dev-appvengers-PrediccionesCredito"


@pytest.fixture(scope="module")
def client():
    with embedded_cloud(None):
        deploy(boto3.client("cloudformation"), "appvengers", "dev")
        yield boto3.client("dynamodb")


@pytest.fixture(params=["table", "list"])
def predictions(request, client):
    if request.param == "list":
        return PredictionList()
    for item in client.scan(TableName=TABLE)["Items"]:
        key = {name: item[name] for name in ("clientId", "predictionId")}
        client.delete_item(TableName=TABLE, Key=key)
    return PredictionTable(client, TABLE)


def test_what_is_added_comes_back_the_same(predictions):
    predictions.add(PREDICTION)

    assert predictions.get("ana", "0a") == PREDICTION


def test_a_second_add_changes_nothing_and_answers_the_first(predictions):
    predictions.add(PREDICTION)

    assert predictions.add(PREDICTION | {"score": 1}) == PREDICTION
    assert predictions.get("ana", "0a") == PREDICTION


def test_what_is_not_there_is_told(predictions):
    with pytest.raises(PredictionNotFound):
        predictions.get("ana", "0a")


def test_the_newest_come_first_and_the_cursor_goes_on(predictions):
    for number in range(5):
        predictions.add({"clientId": "ana", "predictionId": f"0{number}"})
    predictions.add({"clientId": "eva", "predictionId": "09"})
    first = predictions.newest("ana", 2, None)
    second = predictions.newest("ana", 2, first[-1]["predictionId"])

    assert [one["predictionId"] for one in first + second] == ["04", "03", "02", "01"]


def test_a_claim_is_the_first_ones_and_no_prediction(predictions):
    predictions.claim("ana", "k", {"claimedId": "0a"})

    assert predictions.claim("ana", "k", {"claimedId": "0b"})["claimedId"] == "0a"
    assert predictions.newest("ana", 9, None) == []
    with pytest.raises(PredictionNotFound):
        predictions.get("ana", "idempotency#k")


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e100, max_value=1e100))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_stay_exact(client, number):
    if 0 < abs(number) < 1e-100:  # DynamoDB's own range
        return
    table = PredictionTable(client, TABLE)
    key = f"n{number!r}"
    table.add({"clientId": key, "predictionId": "0", "value": number})

    assert table.get(key, "0")["value"] == number


def test_a_fault_of_the_table_has_our_name(client):
    with pytest.raises(TableUnavailable):
        PredictionTable(client, "dev-appvengers-Nothing").add(PREDICTION)
