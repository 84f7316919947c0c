import io
import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.stub import Stubber

from chalicelib.foundation.errors import (
    CircuitOpen,
    EndpointThrottled,
    EndpointTimeout,
    EndpointUnavailable,
    ModelNotReady,
    ModelRejected,
    OutOfTime,
)
from chalicelib.scoring import time_budgets
from chalicelib.scoring.circuit import FEWEST, PAUSE_SECONDS, Circuit
from chalicelib.scoring.endpoint_invocation import ScoringEndpoints

ANSWER = {
    "version": "20260101T000000",
    "sha256": "ab" * 32,
    "probabilityOfDefault": 0.1,
    "baseline": -2.0,
    "contributions": {"amount": 0.25},
}


EVENT = {"application": {"amount": 1}}


def untested():
    raise AssertionError("no circuit is open: nothing is tested")


@pytest.fixture
def endpoint():
    client = boto3.client("sagemaker-runtime")
    with Stubber(client) as stubber:
        yield ScoringEndpoints(client, "dev-appvengers", ["amount", "state"], untested), stubber


def answering(stubber, answer) -> None:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    stubber.add_response("invoke_endpoint", {"Body": io.BytesIO(body)})


def test_an_answer_is_passed_on_with_its_status(endpoint):
    scoring, stubber = endpoint
    answering(stubber, ANSWER)

    assert scoring.score("Tradicional", EVENT) == ANSWER | {"status": "OK"}


@pytest.mark.parametrize(
    "answer",
    [
        b"no json",
        b"[]",
        {},
        ANSWER | {"contributions": {"mistaken": 0.1}},
        ANSWER | {"contributions": {"amount": "a lot"}},
        ANSWER | {"unseen": ["mistaken"]},
        ANSWER | {"unseen": "state"},
        ANSWER | {"baseline": -1e6},
        ANSWER | {"contributions": {"amount": 1e308, "state": 1e308}},
    ],
)
def test_one_model_that_went_wrong_is_rejected_alone(endpoint, answer):
    scoring, stubber = endpoint
    answering(stubber, answer)

    with pytest.raises(ModelRejected):
        scoring.score("Tradicional", EVENT)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("ModelNotReadyException", ModelNotReady),
        ("ThrottlingException", EndpointThrottled),
        ("ServiceUnavailable", EndpointUnavailable),
        ("ModelError", ModelRejected),
        ("ValidationError", EndpointUnavailable),
    ],
)
def test_a_fault_has_a_name_that_the_state_machine_knows(endpoint, code, told):
    scoring, stubber = endpoint
    stubber.add_client_error("invoke_endpoint", code)

    with pytest.raises(told, match=f"dev-appvengers-Tradicional answered {code}"):
        scoring.score("Tradicional", EVENT)


class Slow:
    """An endpoint that does not answer, as botocore tells it."""

    def __init__(self, fault):
        self.asked = 0
        self._fault = fault

    def invoke_endpoint(self, **_):
        self.asked += 1
        raise self._fault


def scoring_of(client, circuit=Circuit) -> ScoringEndpoints:
    return ScoringEndpoints(client, "dev-appvengers", [], untested, circuit)


@pytest.mark.parametrize(
    "fault",
    [ReadTimeoutError(endpoint_url="x"), ConnectTimeoutError(endpoint_url="x")],
    ids=lambda fault: type(fault).__name__,
)
def test_an_endpoint_that_takes_too_long_has_timed_out(fault):
    with pytest.raises(EndpointTimeout):
        scoring_of(Slow(fault)).score("Tradicional", EVENT)


def test_a_container_that_takes_too_long_has_timed_out(endpoint):
    """In SageMaker's own words of a container that is silent for a minute."""
    scoring, stubber = endpoint
    words = "Your invocation timed out while waiting for a response from container primary."
    stubber.add_client_error("invoke_endpoint", "ModelError", words)

    with pytest.raises(EndpointTimeout):
        scoring.score("Tradicional", EVENT)


@pytest.mark.parametrize(
    ("since", "waits", "got"),
    [
        (time_budgets.LAST_ATTEMPT_SECONDS - 0.5, (1, 0), EndpointTimeout),
        (time_budgets.LAST_ATTEMPT_SECONDS + 0.1, (0, 1), EndpointTimeout),
        (time_budgets.LAST_TIMEOUT_SECONDS - 0.5, (0, 1), EndpointTimeout),
        (time_budgets.LAST_TIMEOUT_SECONDS + 0.1, (0, 1), OutOfTime),
        (time_budgets.LAST_THROTTLED_SECONDS - 0.5, (0, 1), OutOfTime),
        (time_budgets.LAST_THROTTLED_SECONDS + 0.1, (0, 0), OutOfTime),
    ],
)
def test_an_attempt_waits_as_long_as_the_branch_has_time(since, waits, got):
    """A late attempt is short, a late time-out is the last, and the latest are not begun."""
    slow, hasty = (Slow(ReadTimeoutError(endpoint_url="x")) for _ in "ab")
    started = (datetime.now(UTC) - timedelta(seconds=since)).isoformat()
    scoring = ScoringEndpoints(slow, "dev-appvengers", [], lambda: hasty)  # type: ignore[arg-type,return-value]

    with pytest.raises(got):
        scoring.score("Tradicional", EVENT | {"startedAt": started})
    assert (slow.asked, hasty.asked) == waits


@pytest.mark.parametrize(
    ("code", "fault"),
    [("ThrottlingException", EndpointThrottled), ("ModelNotReadyException", ModelNotReady)],
)
def test_an_endpoint_that_only_throttles_is_asked_again_to_the_end(endpoint, code, fault):
    scoring, stubber = endpoint
    stubber.add_client_error("invoke_endpoint", code)
    since = timedelta(seconds=time_budgets.LAST_THROTTLED_SECONDS - 0.5)
    late = ScoringEndpoints(scoring._runtime, "dev-appvengers", [], lambda: scoring._runtime)

    with pytest.raises(fault):
        late.score("Tradicional", EVENT | {"startedAt": (datetime.now(UTC) - since).isoformat()})


def test_an_endpoint_that_hangs_is_asked_no_more_but_in_a_short_test_and_another_is():
    slow, hasty = (Slow(ReadTimeoutError(endpoint_url="x")) for _ in "ab")
    now = [0.0]
    scoring = ScoringEndpoints(slow, "dev", [], lambda: hasty, lambda: Circuit(lambda: now[0], 0))  # type: ignore[arg-type,return-value]
    for _ in range(FEWEST):
        with pytest.raises(EndpointTimeout):
            scoring.score("Tradicional", EVENT)
    assert (slow.asked, hasty.asked) == (FEWEST, 0)

    now[0] += 1
    for since, tests in ((0.0, 0), (PAUSE_SECONDS, 1), (PAUSE_SECONDS, 1)):
        now[0] = max(now[0], since)
        with pytest.raises(CircuitOpen):
            scoring.score("Tradicional", EVENT)
        assert (slow.asked, hasty.asked) == (FEWEST, tests)
    with pytest.raises(EndpointTimeout):
        scoring.score("Another", EVENT)


def test_whoever_came_before_the_circuit_opened_is_asked_for_again():
    slow = Slow(ReadTimeoutError(endpoint_url="x"))
    came = {"startedAt": (datetime.now(UTC) - timedelta(seconds=9)).isoformat()}
    scoring = scoring_of(slow, lambda: Circuit(silent=0))
    for _ in range(FEWEST + 1):
        with pytest.raises(EndpointTimeout):
            scoring.score("Tradicional", EVENT | came)

    with pytest.raises(CircuitOpen):
        scoring.score("Tradicional", EVENT)
    assert slow.asked == FEWEST + 1
