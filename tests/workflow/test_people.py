"""Who did something is taken from the verified token: decisions, claims and outcomes keep it."""

from datetime import UTC, datetime
from typing import Any

import boto3
import requests

from bank.first_run import body_of
from tests.workflow.conftest import API_KEY, Served


def items(served: Served) -> list[dict[str, Any]]:
    table = served.bank.settings.predictions_table
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=table)
    return [dict(one) for page in pages for one in page["Items"]]


def where(answer: dict[str, Any]) -> str:
    return f"/predictions/{answer['clientId']}/{answer['predictionId']}"


def test_a_decision_keeps_the_analyst_who_asked_for_it(desk, loans):
    forged = {"requestedBy": {"sub": "forged", "username": "forged"}}
    refused = desk.ask("analyst", "POST", "/predict", json=body_of(loans[0]) | forged)
    answer = desk.ask("analyst", "POST", "/predict", json=body_of(loans[0])).json()
    stored = desk.ask("auditor", "GET", where(answer)).json()

    assert refused.status_code == 400
    assert stored["requestedBy"] == desk.kept("analyst")
    assert "requestedBy" not in answer
    page = desk.ask("risk", "GET", f"/predictions/{answer['clientId']}").json()
    assert all("requestedBy" not in one for one in page["predictions"])


def test_a_decision_of_a_key_has_no_person(desk, served, loans):
    answer = served.predict(loans[1])

    assert "requestedBy" not in desk.ask("auditor", "GET", where(answer)).json()


def test_a_claim_keeps_its_first_person_whoever_repeats_it(desk, served, loans):
    body, once = body_of(loans[2]), {"Idempotency-Key": "of-the-desk"}
    first = desk.ask("analyst", "POST", "/predict", json=body, headers=once).json()
    again = served.post(body, **once).json()
    claims = [
        one for one in items(served) if one.get("claimedId", {}).get("S") == first["predictionId"]
    ]

    assert again == first
    assert [one["requestedBy"]["M"]["sub"]["S"] for one in claims] == [desk.kept("analyst")["sub"]]
    stored = desk.ask("auditor", "GET", where(first)).json()
    assert stored["requestedBy"] == desk.kept("analyst")


def test_a_counter_offer_that_an_analyst_takes_keeps_the_analyst(desk, served, loans):
    decided = next(one for one in map(served.predict, loans[5:]) if one["decision"] != "APPROVE")
    asked = desk.ask("auditor", "GET", where(decided)).json()["application"]["amount"]
    body = {"takenAmount": asked - 1}
    refused = desk.ask("auditor", "POST", f"{where(decided)}/offer", json=body)
    taken = desk.ask("analyst", "POST", f"{where(decided)}/offer", json=body).json()
    stored = desk.ask("auditor", "GET", where(taken)).json()

    assert refused.status_code == 403
    assert stored["counterOfferOf"] == decided["predictionId"]
    assert stored["requestedBy"] == desk.kept("analyst")


def test_an_outcome_has_the_person_as_its_source(desk, served, loans):
    decided = next(one for one in map(served.predict, loans[3:]) if one["decision"] == "APPROVE")
    today = f"{datetime.now(UTC):%F}"
    told = {"outcome": "paid", "when": today}
    answer = desk.ask("risk", "POST", f"{where(decided)}/outcome", json=told)
    forged = told | {"source": "file:credit/newData/a.csv"}
    refused = desk.ask("risk", "POST", f"{where(decided)}/outcome", json=forged)
    items = boto3.client("dynamodb").scan(TableName=served.bank.settings.predictions_table)["Items"]
    sources = [
        one["source"]["S"] for one in items if one.get("of", {}).get("S") == decided["predictionId"]
    ]

    assert (answer.status_code, answer.json()["source"]) == (200, "PERSON")
    assert refused.status_code == 400
    assert sources == [f"person:{desk.claims['risk']['sub']}"]


def test_a_key_does_not_speak_for_a_person(served, loans):
    headers = {"x-api-key": API_KEY, "X-Amzn-Claims": '{"sub": "1"}', "sub": "1"}
    answer = requests.post(
        f"{served.url}/predict", json=body_of(loans[4]), headers=headers, timeout=30
    ).json()
    stored = served.get(where(answer)).json()

    assert "requestedBy" not in stored
