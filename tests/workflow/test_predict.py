"""POST /predict and its answers, over HTTP, through the state machine and three real models."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import boto3
import pytest
import requests

from bank.first_run import body_of
from tests.workflow.conftest import API_KEY

FIELDS = {
    "predictionId", "clientId", "createdAt", "decision", "probabilityOfDefault", "score", "reasons",
    "models", "policyVersion", "cutOffs",
}  # fmt: skip
MODELS = ["Tradicional", "NetworkingAccelerator", "AppVengersAccelerator"]


def test_real_loans_are_decided_by_three_models_with_reasons(served, loans):
    for loan in loans[::100]:
        answer = served.predict(loan)

        assert answer.keys() >= FIELDS
        assert answer["decision"] in ("APPROVE", "REVIEW", "DECLINE")
        assert 0 < answer["probabilityOfDefault"] < 1
        assert list(answer["models"]) == MODELS
        assert {model["status"] for model in answer["models"].values()} == {"OK"}
        assert all(reason["points"] < 0 and reason["text"] for reason in answer["reasons"])
        assert not {"partial", "missing"} & answer.keys()


def test_reasons_say_which_way(served, loans):
    reasons = [
        reason
        for loan in loans[::60]
        for reason in served.post(body_of(loan), **{"Accept-Language": "en"}).json()["reasons"]
    ]
    sides = {reason.get("direction") for reason in reasons}
    amounts = [one for one in reasons if one["feature"] == "amount" and "direction" in one]

    assert {"ABOVE", "BELOW", "OTHER"} <= sides
    for one in amounts:
        words = {"ABOVE": "above what is usual", "BELOW": "below what is usual"}[one["direction"]]
        assert one["text"] == f"The requested amount: {words} for past loans"


def test_every_loan_of_the_test_period_is_a_valid_application(served, loans, sba):
    from chalicelib.decisions.application import CreditApplication

    for loan in loans:
        CreditApplication.from_payload(body_of(loan), sba)


def test_the_answer_is_what_the_table_holds(served, loans):
    answer = served.predict(loans[0])
    path = f"/predictions/{answer['clientId']}/{answer['predictionId']}"
    stored = served.get(path).json()

    assert {name: stored[name] for name in answer} == answer
    assert stored["application"] == loans[0]["application"]
    assert all(len(model["sha256"]) == 64 for model in stored["models"].values())


def test_the_stored_item_is_keyed_by_client_and_time(served, loans):
    answer = served.predict(loans[0])
    item = boto3.client("dynamodb").get_item(
        TableName="dev-appvengers-PrediccionesCredito",
        Key={
            "clientId": {"S": answer["clientId"]},
            "predictionId": {"S": answer["predictionId"]},
        },
    )["Item"]

    assert item["decision"] == {"S": answer["decision"]}


@pytest.mark.parametrize("key", ["", "wrong"])
def test_without_the_key_nothing_is_told_and_nothing_is_stored(served, loans, key):
    before = served.stored()
    for path in ("/predictions/ana", "/predictions/ana/0a", "/models"):
        assert served.get(path, **{"x-api-key": key}).status_code == 403
    response = served.post(body_of(loans[0]), **{"x-api-key": key})

    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert served.stored() == before


def test_three_wrong_fields_are_all_named_and_nothing_is_stored(served, loans):
    before = served.stored()
    body = body_of(loans[0])
    wrong = {"amount": -1, "employees": "many", "newBusiness": "perhaps"}
    response = served.post(body | {"application": body["application"] | wrong})

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert {error["field"] for error in response.json()["errors"]} == {
        "application.amount",
        "application.employees",
        "application.newBusiness",
    }
    assert served.stored() == before


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"clientId": NaN}', "application/json", 400),
        (b"", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b'{"clientId": "' + b"x" * 70_000 + b'"}', "application/json", 413),
    ],
)
def test_what_is_no_application_is_a_problem(served, body, media_type, status):
    headers = {"x-api-key": API_KEY, "Content-Type": media_type}
    response = requests.post(f"{served.url}/predict", data=body, headers=headers, timeout=9)

    assert response.status_code == status
    assert response.json()["status"] == status
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("code", "invented"), [("lender", "BANK OF NOBODY"), ("state", "ZZ"), ("naics", "999999")]
)
def test_a_code_that_no_loan_had_goes_to_a_person(served, loans, code, invented):
    loan = next(one for one in loans if served.predict(one)["decision"] == "APPROVE")
    answer = served.post(
        body_of(loan) | {"application": loan["application"] | {code: invented}}
    ).json()
    change = served.get(f"/predictions/{answer['clientId']}/{answer['predictionId']}/change").json()

    assert (answer["decision"], answer["decisionBasis"]) == ("REVIEW", "UNSEEN_CODE")
    assert answer["unseen"] == [code]
    assert answer["score"] > 0
    assert (change["outcome"], change["tried"]) == ("UNSEEN_CODE", 1)


def test_reasons_come_in_english_when_asked(served, loans):
    english = served.post(body_of(loans[0]), **{"Accept-Language": "en-GB,es;q=0.5"}).json()
    spanish = served.post(body_of(loans[0])).json()

    assert english["score"] == spanish["score"]
    assert english["reasons"][0]["text"] != spanish["reasons"][0]["text"]


def test_the_same_idempotency_key_is_one_prediction(served, loans):
    before = served.stored()
    one = served.post(body_of(loans[1]), **{"Idempotency-Key": "k-1"}).json()
    other = served.post(body_of(loans[1]), **{"Idempotency-Key": "k-1"}).json()
    another = body_of(loans[1])
    another["application"] = another["application"] | {"amount": 4321}
    conflict = served.post(another, **{"Idempotency-Key": "k-1"})

    assert one == other
    assert conflict.status_code == 409
    assert served.stored() == before + 2  # the prediction and the key


@pytest.mark.parametrize("keys", [("k-2", "k-3"), ("k-2", "k-2")])
def test_two_idempotency_keys_are_refused(served, loans, keys):
    """A list of both would be a third key, and API Gateway's `headers` has the last one alone."""
    before = served.stored()
    connection = HTTPConnection(urlsplit(served.url).netloc, timeout=30)
    body = json.dumps(body_of(loans[1])).encode()
    connection.putrequest("POST", "/predict")
    for name, value in [
        ("x-api-key", API_KEY), ("Content-Type", "application/json"), ("Accept-Language", "en"),
        ("Content-Length", str(len(body))), *(("Idempotency-Key", key) for key in keys),
    ]:  # fmt: skip
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    problem = json.loads(answer.read())
    connection.close()

    assert answer.status == 400
    assert problem["errors"] == [{"field": "Idempotency-Key", "message": "must come only once"}]
    assert served.stored() == before


def test_a_clients_predictions_come_newest_first_in_pages(served, loans):
    body = body_of(loans[2]) | {"clientId": "in-pages"}
    answers = [served.post(body).json() for _ in range(3)]
    first = served.get("/predictions/in-pages?limit=2").json()
    second = served.get(f"/predictions/in-pages?limit=2&cursor={first['next']}").json()

    assert first["predictions"] + second["predictions"] == answers[::-1]


def test_what_is_not_there_is_404(served):
    response = served.get("/predictions/nobody/0a")

    assert (response.status_code, response.json()["status"]) == (404, 404)
    assert served.get("/predictions/nobody").json() == {"predictions": [], "next": None}


def test_the_models_and_their_lineage_are_told(served):
    models = served.get("/models").json()["models"]

    assert list(models) == MODELS
    for model in models.values():
        assert model["status"] == "InService"
        assert model["snapshot"].endswith("-2005-06-30")
        assert 0.5 < model["metrics"]["auc"] < 0.8  # more would be a leak


def test_health_needs_no_key(served):
    assert requests.get(f"{served.url}/health", timeout=9).json()["status"] == "ok"
