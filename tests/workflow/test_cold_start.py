"""An endpoint that does not answer for a while, as one that starts cold: its process is stopped."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config

from bank.first_run import body_of
from chalicelib.decisions.application import CreditApplication
from chalicelib.decisions.intake.analysis import Analyses, new_request
from chalicelib.decisions.intake.analysis_machine import AnalysisMachine
from chalicelib.foundation.errors import (
    AnalysisPending,
    CircuitOpen,
    EndpointThrottled,
    EndpointTimeout,
)
from chalicelib.scoring.circuit import PAUSE_SECONDS, WATCHED_SECONDS, Circuit
from chalicelib.scoring.endpoint_invocation import ScoringEndpoints
from chalicelib.services import services

MODEL = "AppVengersAccelerator"  # it carries 0.8 of the weight
ENDPOINT = f"dev-appvengers-{MODEL}"
COLD_START_SECONDS = 12
CLIENTS = 9
PATIENCE_SECONDS = 30


@pytest.fixture
def stopped(served) -> Iterator[Callable[[float], Callable[[], None]]]:
    """stopped(seconds): the model's process stands still until the seconds are over, or until what
    is returned is called."""
    pid, timers = served.bank.cloud.endpoints.worker_pid(ENDPOINT), []

    def stop(seconds: float) -> Callable[[], None]:
        os.kill(pid, signal.SIGSTOP)
        timers.append(threading.Timer(seconds, os.kill, (pid, signal.SIGCONT)))
        timers[-1].start()
        return lambda: os.kill(pid, signal.SIGCONT)

    yield stop
    os.kill(pid, signal.SIGCONT)
    for timer in timers:
        timer.cancel()


def test_callers_of_a_cold_endpoint_wait_for_three_models_or_get_202(served, loans, stopped):
    """Nine clients, and three places of the endpoint: AWS throttles six of them.

    Three come at once, as many that a circuit would open if it counted time-outs only; then more.
    The last come when the first have timed out, and the endpoint is still silent.
    """
    assert concurrency() == 3 < CLIENTS
    services.cache_clear()  # circuits that have seen no answer: after one this is no cold start
    stopped(COLD_START_SECONDS)
    ends = time.monotonic() + COLD_START_SECONDS

    def ask(client: int) -> list[requests.Response]:
        time.sleep(client // 3 * 5)
        answers = [served.post(body_of(loans[client]))]  # on a busy machine perhaps late
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


def concurrency() -> int:
    """MaxConcurrency of the model's endpoint."""
    described = boto3.client("sagemaker").describe_endpoint(EndpointName=ENDPOINT)
    return int(described["ProductionVariants"][0]["CurrentServerlessConfig"]["MaxConcurrency"])


def in_the_end(served, answer) -> dict[str, Any]:
    """The decision, which 202 says where to find."""
    if answer.status_code == 202:
        return stored_at(served, answer.headers["Location"])
    assert answer.status_code == 200, answer.text
    return answer.json()


def stored_at(served, path: str) -> dict[str, Any]:
    until = time.monotonic() + 30
    while (found := served.get(path)).status_code == 202 and time.monotonic() < until:
        time.sleep(0.2)
    assert found.status_code == 200, found.text
    return found.json()


def test_whoever_waits_no_longer_finds_the_decision_where_202_says(served, loans, stopped):
    client = boto3.client("stepfunctions", config=impatient(1.0))
    using, body = services(), body_of(loans[0])
    machine = AnalysisMachine(client, using.analyses.machine._arn, lambda: client)
    application = CreditApplication.from_payload(body, using.profile)
    stopped(2.0)
    with pytest.raises(AnalysisPending) as pending:
        Analyses(machine, using.predictions, using.ever_served).analyse(
            new_request(application, "es"), "impatient"
        )
    repeated = served.post(body, **{"Idempotency-Key": "impatient"})
    stored = stored_at(served, pending.value.location)
    again = served.post(body, **{"Idempotency-Key": "impatient"})

    assert repeated.status_code == 202, "the repeat starts nothing while the first goes on"
    assert repeated.headers["Location"] == pending.value.location
    assert repeated.headers["Idempotent-Replayed"] == "true"
    assert stored["models"][MODEL]["status"] == "OK"
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert again.json()["predictionId"] == stored["predictionId"]


class Counted:
    """A client of the real endpoint that counts what it sends there."""

    def __init__(self, read_timeout: float) -> None:
        self.sent = 0
        self._client = boto3.client("sagemaker-runtime", config=impatient(read_timeout))

    def invoke_endpoint(self, **request: Any) -> Any:
        self.sent += 1
        return self._client.invoke_endpoint(**request)


def test_a_model_that_hangs_gets_a_short_test_now_and_then_until_it_answers(served, loans, stopped):
    patient, hasty, now = Counted(0.4), Counted(0.2), [0.0]
    features = services().profile.features
    scoring = ScoringEndpoints(
        patient,
        "dev-appvengers",
        features,
        lambda: hasty,
        lambda: Circuit(lambda: now[0], silent=0),  # type: ignore[arg-type,return-value]
    )
    event = {"application": loans[0]["application"]}
    goes_on = stopped(PATIENCE_SECONDS)
    with ThreadPoolExecutor(CLIENTS) as callers:
        calls = [callers.submit(scoring.score, MODEL, event) for _ in range(CLIENTS)]
    asked = Counter(type(call.exception()) for call in calls)
    assert asked == {EndpointTimeout: concurrency(), EndpointThrottled: CLIENTS - concurrency()}
    for tests in range(1, 4):
        now[0] += PAUSE_SECONDS
        for _ in range(9):
            with pytest.raises(CircuitOpen):
                scoring.score(MODEL, event)
        assert (patient.sent, hasty.sent) == (CLIENTS, tests)

    goes_on()
    answer, until = {}, time.monotonic() + PATIENCE_SECONDS
    while not answer and time.monotonic() < until:
        now[0] += PAUSE_SECONDS
        with suppress(CircuitOpen):  # those who left are answered first
            answer = scoring.score(MODEL, event)
    watched = hasty.sent
    assert answer["status"] == scoring.score(MODEL, event)["status"] == "OK"
    assert (patient.sent, hasty.sent) == (CLIENTS, watched + 1)
    now[0] += WATCHED_SECONDS
    assert scoring.score(MODEL, event)["status"] == "OK"
    assert patient.sent == CLIENTS + 1


def impatient(seconds: float) -> Config:
    return Config(connect_timeout=1, read_timeout=seconds, retries={"total_max_attempts": 1})
