"""Retries over HTTP: replayed answers, 202 at once, and what a decision's place says before it."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import boto3
import pytest
import requests

from bank.first_run import body_of
from chalicelib.decisions.intake.pending_analyses import Turns
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.scoring.time_budgets import PENDING_SECONDS

ASYNC = {"Prefer": "respond-async"}


def once(name: str, **more: str) -> dict[str, str]:
    return {"Idempotency-Key": f"retries-{name}"} | more


def decided(served, told: requests.Response) -> requests.Response:
    """Ask where 202 says until the answer is another one."""
    for _ in range(100):
        found = served.get(told.headers["Location"])
        if found.status_code != 202:
            return found
        assert (found.headers["Retry-After"], found.json()) == ("1", told.json())
        time.sleep(0.1)
    raise AssertionError("no decision after 10 seconds")


def decisions_of(served, client: str) -> list[str]:
    page = served.get(f"/predictions/{client}").json()
    return [one["predictionId"] for one in page["predictions"]]


def test_a_repeat_says_that_it_is_one(served, loans):
    body = body_of(loans[0]) | {"clientId": "replayed"}
    answers = [served.post(body, **once("replayed")) for _ in range(3)]

    assert [one.headers.get("Idempotent-Replayed") for one in answers] == [None, "true", "true"]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert decisions_of(served, "replayed") == [answers[0].json()["predictionId"]]


def test_of_eight_at_once_one_decides_and_the_others_are_sent_to_its_decision(served, loans):
    body = body_of(loans[7]) | {"clientId": "at-once"}
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: served.post(body, **once("at-once")), range(8)))
    (name,) = decisions_of(served, "at-once")
    first = [one for one in answers if "Idempotent-Replayed" not in one.headers]

    assert [(one.status_code, one.json()["predictionId"]) for one in first] == [(200, name)]
    assert {one.status_code for one in answers} <= {200, 202}
    assert all(decided(served, one).json()["predictionId"] == name
               for one in answers if one.status_code == 202)  # fmt: skip


@pytest.mark.parametrize("before", [{}, ASYNC])
def test_the_same_key_with_another_body_is_409(served, loans, before):
    name = f"conflict-{len(before)}"
    body = body_of(loans[0]) | {"clientId": name}
    served.post(body, **once(name), **before)
    for preference in ({}, ASYNC):
        other = served.post(body_of(loans[1]) | {"clientId": name}, **once(name), **preference)
        assert other.status_code == 409
        assert other.json()["type"] == "urn:problem:idempotency-conflict"


def test_whoever_does_not_wait_gets_202_and_finds_the_decision(served, loans):
    body = body_of(loans[2]) | {"clientId": "not-waiting"}
    told = served.post(body, **once("not-waiting"), **ASYNC)
    found = decided(served, told)
    again = served.post(body, **once("not-waiting"), **ASYNC)

    assert (told.status_code, told.headers["Preference-Applied"]) == (202, "respond-async")
    assert (told.headers["Retry-After"], told.headers["Cache-Control"]) == ("1", "no-store")
    assert told.json() == {"predictionUrl": told.headers["Location"]}
    assert "Idempotent-Replayed" not in told.headers
    assert found.status_code == 200
    assert told.headers["Location"].endswith(found.json()["predictionId"])
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert "Preference-Applied" not in again.headers
    assert {name: found.json()[name] for name in again.json()} == again.json()
    assert decisions_of(served, "not-waiting") == [again.json()["predictionId"]]


def test_without_a_key_each_202_is_a_decision(served, loans):
    body = body_of(loans[3]) | {"clientId": "keyless"}
    told = [served.post(body, **ASYNC) for _ in range(2)]
    found = {decided(served, one).json()["predictionId"] for one in told}

    assert found == {*decisions_of(served, "keyless")}
    assert len(found) == 2


def test_people_are_sent_to_their_own_place(desk, loans):
    body = body_of(loans[4]) | {"clientId": "asked-by-a-person"}
    told = desk.ask("analyst", "POST", "/predict", json=body, headers=ASYNC)
    assert told.status_code == 202
    assert told.headers["Location"].startswith("/people/predictions/asked-by-a-person/")
    decided_by = desk.ask("analyst", "GET", told.headers["Location"].removeprefix("/people"))
    assert decided_by.status_code in (200, 202)


def test_what_is_no_preference_of_ours_is_not_heeded(served, loans):
    answer = served.post(body_of(loans[5]), Prefer="wait=10, return=minimal")

    assert answer.status_code == 200
    assert "Preference-Applied" not in answer.headers


@pytest.mark.parametrize(
    ("seconds", "status"), [(PENDING_SECONDS - 20, 202), (PENDING_SECONDS, 409)]
)
def test_an_analysis_that_never_ends_has_failed_and_may_begin_again(served, loans, seconds, status):
    """Its mark is there, as after an execution that was lost."""
    client = f"lost-{status}"
    body, name = body_of(loans[6]) | {"clientId": client}, f"{seconds:032x}"
    table = PredictionTable(boto3.client("dynamodb"), served.bank.settings.predictions_table)
    request = {"clientId": client, "predictionId": name, "createdAt": "2026-11-29T12:00:00.000Z"}
    Turns(table, lambda: datetime.now(UTC) - timedelta(seconds=seconds)).keep(request)
    answer = served.get(f"/predictions/{client}/{name}", **{"Accept-Language": "en"})

    assert answer.status_code == status
    if status == 409:
        assert answer.json()["type"] == "urn:problem:analysis-failed"
        assert "Send the same application again" in answer.json()["detail"]
        assert "Retry-After" not in answer.headers
    assert served.post(body, **once(client)).status_code == 200


def test_what_never_began_is_404(served):
    assert served.get(f"/predictions/ana/{'0' * 32}").status_code == 404
