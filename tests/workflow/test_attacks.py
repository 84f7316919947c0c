"""Attacks that a bank once answered wrongly, made over HTTP as they were made then.

Nothing of the product is imported but what starts it: each test can be held against an older bank.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import pytest
import requests

from bank.first_run import body_of
from infrastructure.project import ROOT
from tests.workflow.conftest import API_KEY, Served

JSON = {"x-api-key": API_KEY, "Content-Type": "application/json"}
LENDER = "BANCO DE LA ESPAÑA"
SILENT = "Tradicional"
PATIENCE_SECONDS = 60


def post(served: Served, path: str, body: bytes, **headers: str) -> requests.Response:
    return requests.post(served.url + path, body, headers=JSON | headers, timeout=30)


def refusal(answer: requests.Response, kind: str) -> dict[str, Any]:
    """The problem that is answered."""
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == f"urn:problem:{kind}"
    return problem


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/%6dodels"), ("POST", "/%70redict"), ("GET", "/prediction%73/ana")],
)
def test_one_encoded_letter_does_not_open_a_path_without_the_key(served, loans, method, path):
    """requests would send the letter itself."""
    connection = HTTPConnection(served.url.removeprefix("http://"), timeout=30)
    body = json.dumps(body_of(loans[0])) if method == "POST" else None
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()

    assert answer.status == 403


def test_a_letter_in_latin_1_inside_a_text_is_refused(served, loans):
    body = body_of(loans[0]) | {"application": loans[0]["application"] | {"lender": LENDER}}
    sent = json.dumps(body, ensure_ascii=False).encode("latin-1")

    problem = refusal(
        post(served, "/predict", sent, **{"Accept-Language": "en"}), "invalid-request"
    )
    assert "UTF-8" in problem["detail"]


@pytest.mark.parametrize("name", ["clientId", "application", "amount", "state"])
def test_a_name_that_is_given_twice_is_refused_and_nothing_is_stored(served, loans, name):
    body, before = body_of(loans[0]), served.stored()
    value = body.get(name, body["application"].get(name))
    once = f"{json.dumps(name)}: {json.dumps(value)}"
    sent = json.dumps(body).replace(once, f"{once}, {once}")
    assert sent.count(f'"{name}"') == 2

    place = f"#/{name}" if name in body else f"#/application/{name}"
    (error,) = refusal(post(served, "/predict", sent.encode()), "invalid-request")["errors"]
    assert error["pointer"] == place
    assert served.stored() == before


def test_an_outcome_that_is_given_twice_is_refused(served, loans):
    answer = served.predict(loans[1])
    path = f"/predictions/{answer['clientId']}/{answer['predictionId']}"
    sent = f'{{"outcome": "paid", "outcome": "defaulted", "when": "{answer["createdAt"][:10]}"}}'

    refusal(post(served, f"{path}/outcome", sent.encode()), "invalid-request")
    assert not served.get(path).json().get("outcomes")


def test_the_name_in_the_body_is_the_first_ones_not_the_last(served, loans):
    """A reader in front that takes the first client would have let another one through."""
    sent = json.dumps(body_of(loans[0])).replace("{", '{"clientId": "another", ', 1)

    refusal(post(served, "/predict", sent.encode()), "invalid-request")
    assert served.get("/predictions/another").json()["predictions"] == []


def test_head_of_health_is_answered_without_a_body(served):
    answer = requests.head(f"{served.url}/health", timeout=9)

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("PUT", "/predict")])
def test_what_does_not_exist_is_a_problem_with_a_valid_key_too(served, method, path):
    answer = requests.request(method, served.url + path, headers=JSON, timeout=9)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("wish", ["en", "en;q=0.2, fr", "es;q=0.2, en;q=0.9", "es;q=0, en"])
def test_an_error_is_said_in_the_language_of_the_greatest_weight(served, wish):
    spanish, english = (
        served.get("/predictions/ana/0a", **{"Accept-Language": accepted}).json()["title"]
        for accepted in ("es", wish)
    )

    assert spanish == "No existe esa predicción"
    assert english == "There is no such prediction"


def test_no_message_shows_a_regular_expression(served, loans):
    wrong = loans[0]["application"] | {"zip": "x", "naics": "x", "state": "x"}
    body = {"clientId": "!", "application": wrong}
    errors = refusal(post(served, "/predict", json.dumps(body).encode()), "invalid-application")

    told = {one["field"]: one["message"] for one in errors["errors"]}
    assert "clientId" in told
    assert len(told) > 2
    assert not any(re.search(r"[\\^$]|\[.*\]|\{\d", message) for message in told.values()), told


def test_a_decision_without_a_model_says_so_at_the_top(served, loans, stopped):
    answer = served.predict(loans[0])

    assert answer.get("partial") is True
    assert answer["missing"] == [stopped]
    assert answer["decision"] == "REVIEW"


def test_no_cause_shows_an_internal_name(served, loans, stopped):
    cause = served.predict(loans[0])["models"][stopped]["cause"]

    assert re.fullmatch("[A-Z_]+", cause)


def test_a_decision_shows_the_cut_offs_that_its_score_is_held_against(served, loans):
    assert {"approveFrom", "declineBelow"} <= served.predict(loans[0]).get("cutOffs", {}).keys()


_LOCKER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
db.execute("begin exclusive")
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def no_writes(served: Served) -> Iterator[None]:
    """Another process holds the database."""
    database = served.bank.function_logs.folder.parent / "cloud.sqlite"
    command = [sys.executable, "-c", _LOCKER, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as locker:
        assert locker.stdout
        assert locker.stdout.readline() == b"locked\n"
        try:
            yield
        finally:
            locker.kill()


def test_a_reader_does_not_wait_for_a_write_that_waits_for_the_disk(served, loans):
    decided = served.predict(loans[0])
    path = f"/predictions/{decided['clientId']}/{decided['predictionId']}"
    with no_writes(served), ThreadPoolExecutor(1) as pool:
        writing = pool.submit(served.post, body_of(loans[1]))
        time.sleep(1)
        was_writing = not writing.done()
        read = served.get(path)

        assert (was_writing, read.status_code, writing.done()) == (True, 200, False)


def test_a_write_that_failed_is_not_there_and_its_key_decides_nothing_else(served, loans, capfd):
    before, key = served.stored(), {"Idempotency-Key": "over-http"}
    with no_writes(served):
        failed = served.post(body_of(loans[2]), **key)
        kept = served.stored()
    first, again = (served.post(body_of(loans[2]), **key) for _ in "ab")

    assert failed.status_code == 503
    assert kept == before
    assert first.json() == again.json()
    assert "Traceback" not in capfd.readouterr().err


@pytest.fixture
def hanging(served) -> Iterator[Callable[[], None]]:
    """A model's process stands still; call it to end that."""
    pid = served.bank.cloud.endpoints.worker_pid(f"dev-appvengers-{SILENT}")
    os.kill(pid, signal.SIGSTOP)
    yield lambda: os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGCONT)


def test_not_every_caller_waits_for_a_model_that_hangs(served, loans, hanging):
    """Whoever comes once it was silent for longer than a cold start is answered without it."""
    ends = time.monotonic() + PATIENCE_SECONDS
    with ThreadPoolExecutor(PATIENCE_SECONDS) as callers:
        asked = [callers.submit(served.predict, loans[0])]
        while "CIRCUIT_OPEN" not in (causes := [cause_of(one) for one in asked if one.done()]):
            assert time.monotonic() < ends
            time.sleep(1)
            asked.append(callers.submit(served.predict, loans[0]))
        assert {*causes} <= {"CIRCUIT_OPEN", "TIMEOUT"}  # the first ones had both their attempts
        hanging()
        assert {cause_of(one) for one in asked} <= {None, "CIRCUIT_OPEN", "TIMEOUT"}
    while served.predict(loans[0])["models"][SILENT]["status"] != "OK":
        assert time.monotonic() < ends
        time.sleep(0.2)


def cause_of(asked: "Future[dict[str, Any]]") -> str | None:
    cause: str | None = asked.result()["models"][SILENT].get("cause")
    return cause


def test_the_handbook_names_each_status_and_how_an_upload_is_versioned():
    errors = (ROOT / "docs" / "errors.md").read_text()

    for status in (202, 400, 403, 404, 409, 413, 415, 422, 429, 503, 504):
        assert re.search(rf"\b{status}\b", errors), status
    outcomes = (ROOT / "docs" / "outcomes.md").read_text()
    assert "uploaded under another version than its manifest's is refused" in outcomes
