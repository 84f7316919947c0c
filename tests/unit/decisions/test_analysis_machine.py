"""The adapter of analisisCredito: its answers, its faults, and a start that nobody waits for."""

import json

import boto3
import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.stub import Stubber

from chalicelib.decisions.intake.analysis_machine import NOT_DECIDED, AnalysisMachine
from chalicelib.foundation.errors import (
    AnalysisPending,
    AnalysisUnavailable,
    NoModelInService,
    TooManyRequests,
)

REQUEST = {"predictionId": "0a", "clientId": "ana"}
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:dev-appvengers-analisisCredito"


@pytest.fixture
def stepfunctions():
    client = boto3.client("stepfunctions")
    with Stubber(client) as stubber:
        yield client, stubber


def asking(client) -> AnalysisMachine:
    """The machine of a client that runs and starts."""
    return AnalysisMachine(client, ARN, lambda: client)


@pytest.mark.parametrize(
    ("code", "told"),
    [("ThrottlingException", TooManyRequests), ("StateMachineDoesNotExist", AnalysisUnavailable)],
)
def test_a_machine_that_does_not_run_is_told(stepfunctions, code, told):
    client, stubber = stepfunctions
    stubber.add_client_error("start_sync_execution", code)

    with pytest.raises(told):
        asking(client).run(REQUEST)


@pytest.mark.parametrize(
    ("status", "detail"), [(400, "Nothing was decided"), (499, "Nothing was"), (500, "not known")]
)
def test_a_refusal_decides_nothing_and_a_fault_of_aws_may_have(stepfunctions, status, detail):
    client, stubber = stepfunctions
    stubber.add_client_error("start_sync_execution", "SomeCode", http_status_code=status)

    with pytest.raises(AnalysisUnavailable, match=detail):
        asking(client).run(REQUEST)


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        (EndpointConnectionError(endpoint_url="x"), "Nothing was decided"),
        (ConnectTimeoutError(endpoint_url="x"), "Nothing was decided"),
        (NoCredentialsError(), "Nothing was decided"),
        (ConnectionClosedError(endpoint_url="x"), "not known whether the application was decided"),
    ],
)
def test_only_what_never_left_is_said_to_be_undecided(fault, detail):
    class Broken:
        def start_sync_execution(self, **_):
            raise fault

    with pytest.raises(AnalysisUnavailable, match=detail):
        asking(Broken()).run(REQUEST)


def test_a_failed_execution_is_told(stepfunctions):
    client, stubber = stepfunctions
    execution = {
        "executionArn": ARN,
        "startDate": 0,
        "stopDate": 0,
        "status": "TIMED_OUT",
    }
    stubber.add_response("start_sync_execution", execution)

    with pytest.raises(AnalysisUnavailable, match="TIMED_OUT"):
        asking(client).run(REQUEST)


def test_a_decision_that_was_not_stored_is_not_given(stepfunctions):
    client, stubber = stepfunctions
    execution = {
        "executionArn": ARN,
        "startDate": 0,
        "stopDate": 0,
        "status": "FAILED",
        "error": "TableUnavailable",
    }
    stubber.add_response("start_sync_execution", execution)

    with pytest.raises(
        AnalysisUnavailable, match="not known whether the decision was stored, so none was given"
    ):
        asking(client).run(REQUEST)


def test_an_answer_that_takes_too_long_says_where_it_will_be():
    class Slow:
        def start_sync_execution(self, **_):
            raise ReadTimeoutError(endpoint_url="x")

    with pytest.raises(AnalysisPending) as pending:
        asking(Slow()).run(REQUEST)

    assert pending.value.location == "/predictions/ana/0a"


def test_a_bank_that_never_had_a_model_in_service_says_so(stepfunctions):
    client, stubber = stepfunctions
    execution = {
        "executionArn": ARN,
        "startDate": 0,
        "stopDate": 0,
        "status": "SUCCEEDED",
        "output": json.dumps(NOT_DECIDED),
    }
    stubber.add_response("start_sync_execution", execution)

    with pytest.raises(NoModelInService):
        asking(client).run(REQUEST)


def test_a_start_has_the_prediction_s_id_as_its_name_and_is_not_waited_for(stepfunctions):
    client, stubber = stepfunctions
    sent = {"stateMachineArn": ARN, "name": "0a", "input": json.dumps(REQUEST | {"consents": {}})}
    answer = {"executionArn": ARN, "startDate": 0}
    stubber.add_response("start_execution", answer, sent | {"input": _compact(sent["input"])})

    assert asking(client).start(REQUEST) is None
    stubber.assert_no_pending_responses()


def _compact(text: str) -> str:
    return json.dumps(json.loads(text), separators=(",", ":"))


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("ThrottlingException", 400, TooManyRequests),
        ("StateMachineDoesNotExist", 400, AnalysisUnavailable),
        ("InternalError", 500, AnalysisUnavailable),
    ],
)
def test_a_start_that_fails_is_a_problem(stepfunctions, code, status, told):
    client, stubber = stepfunctions
    stubber.add_client_error("start_execution", code, http_status_code=status)

    with pytest.raises(told):
        asking(client).start(REQUEST)


def test_a_start_without_an_answer_may_have_begun():
    class Silent:
        def start_execution(self, **_):
            raise ReadTimeoutError(endpoint_url="x")

    with pytest.raises(AnalysisUnavailable, match="not known whether the application was decided"):
        asking(Silent()).start(REQUEST)
