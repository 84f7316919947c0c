"""An endpoint that does not answer for a while, as one that starts cold: its process is stopped."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config

from bank.first_run import body_of
from chalicelib.decisions.analysis import AnalysisMachine
from chalicelib.errors import AnalysisPending, CircuitOpen, EndpointTimeout
from chalicelib.scoring.circuit import Circuit
from chalicelib.scoring.invocation import ScoringEndpoints
from chalicelib.services import services

MODEL = "AppVengersAccelerator"  # it carries 0.8 of the weight
ENDPOINT = f"dev-appvengers-{MODEL}"
COLD_START_SECONDS = 12
CLIENTS = 6


@pytest.fixture
def stopped(served) -> Iterator[Callable[..., None]]:
    """stopped(seconds): the model's process stands still until the seconds are over."""
    pid, timers = served.bank.cloud.endpoints.worker_pid(ENDPOINT), []

    def stop(seconds: float) -> None:
        os.kill(pid, signal.SIGSTOP)
        timers.append(threading.Timer(seconds, os.kill, (pid, signal.SIGCONT)))
        timers[-1].start()

    yield stop
    os.kill(pid, signal.SIGCONT)
    for timer in timers:
        timer.cancel()


def test_callers_of_a_cold_endpoint_wait_for_three_models_or_get_202(served, loans, stopped):
    """Three at once, as many that a circuit would open if it counted time-outs only; then more."""
    stopped(COLD_START_SECONDS)
    ends = time.monotonic() + COLD_START_SECONDS

    def ask(client: int) -> list[requests.Response]:
        time.sleep(client // 3 * 5)
        answers = []
        while time.monotonic() < ends:
            answers.append(served.post(body_of(loans[client])))
        return answers

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = [answer for found in clients.map(ask, range(CLIENTS)) for answer in found]

    assert len(answers) >= CLIENTS
    for answer in answers:
        decided = in_the_end(served, answer)
        assert {one["status"] for one in decided["models"].values()} == {"OK"}
        assert "partial" not in decided


def in_the_end(served, answer) -> dict[str, Any]:
    """The decision, which 202 says where to find."""
    if answer.status_code == 202:
        return stored_at(served, answer.headers["Location"])
    assert answer.status_code == 200, answer.text
    return answer.json()


def stored_at(served, path: str) -> dict[str, Any]:
    until = time.monotonic() + 30
    while (found := served.get(path)).status_code == 404 and time.monotonic() < until:
        time.sleep(0.2)
    assert found.status_code == 200, found.text
    return found.json()


def test_whoever_waits_no_longer_finds_the_decision_where_202_says(served, loans, stopped):
    client = boto3.client("stepfunctions", config=impatient(1.0))
    machine = AnalysisMachine(client, services().machine._arn)
    body = body_of(loans[0])
    request = {
        "predictionId": f"{int(time.time() * 1000):012x}{os.urandom(10).hex()}",
        "clientId": body["clientId"],
        "createdAt": "2026-11-28T10:00:00.000Z",
        "language": "es",
        "application": body["application"],
    }
    stopped(2.0)
    with pytest.raises(AnalysisPending) as pending:
        machine.run(request)

    assert stored_at(served, pending.value.location)["models"][MODEL]["status"] == "OK"


def test_a_model_that_hangs_is_asked_by_one_caller_at_a_time_until_it_answers(
    served, loans, stopped
):
    client = boto3.client("sagemaker-runtime", config=impatient(0.2))
    scoring = ScoringEndpoints(
        client,
        "dev-appvengers",
        services().profile.features,
        lambda: Circuit(cold_start=0.5, pause=0.4),
    )
    event = {"application": loans[0]["application"]}
    took: dict[str, list[float]] = {"CircuitOpen": [], "EndpointTimeout": []}
    stopped(2.5)
    until = time.monotonic() + 2
    while time.monotonic() < until:
        started = time.monotonic()
        with pytest.raises((CircuitOpen, EndpointTimeout)) as fault:
            scoring.score(MODEL, event)
        took[fault.typename].append(time.monotonic() - started)
        time.sleep(0.02)
    refused, waited = took["CircuitOpen"], took["EndpointTimeout"]

    assert len(refused) > 3 * len(waited) > 0
    assert max(refused) < min(waited)  # none of them waited for the endpoint
    time.sleep(1.5)
    assert scoring.score(MODEL, event)["status"] == "OK"


def impatient(seconds: float) -> Config:
    return Config(connect_timeout=1, read_timeout=seconds, retries={"total_max_attempts": 1})
