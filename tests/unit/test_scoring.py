import io
import json

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from chalicelib.errors import (
    EndpointThrottled,
    EndpointUnavailable,
    ModelNotReady,
    ModelRejected,
)
from chalicelib.scoring import ScoringEndpoints

ANSWER = {
    "version": "20260101T000000",
    "sha256": "ab" * 32,
    "probabilityOfDefault": 0.1,
    "baseline": -2.0,
    "contributions": {"amount": 0.25},
}


@pytest.fixture
def endpoint():
    client = boto3.client("sagemaker-runtime")
    with Stubber(client) as stubber:
        yield ScoringEndpoints(client, "dev-appvengers", ["amount", "state"]), stubber


def answering(stubber, answer) -> None:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    stubber.add_response("invoke_endpoint", {"Body": io.BytesIO(body)})


def test_an_answer_is_passed_on_with_its_status(endpoint):
    scoring, stubber = endpoint
    answering(stubber, ANSWER)

    assert scoring.score("Tradicional", {"amount": 1}) == ANSWER | {"status": "OK"}


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
        scoring.score("Tradicional", {"amount": 1})


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
        scoring.score("Tradicional", {"amount": 1})


def test_an_endpoint_that_takes_too_long_is_unavailable():
    class Slow:
        def invoke_endpoint(self, **_):
            raise ReadTimeoutError(endpoint_url="x")

    with pytest.raises(EndpointUnavailable):
        ScoringEndpoints(Slow(), "dev-appvengers", []).score("Tradicional", {})  # type: ignore[arg-type]
