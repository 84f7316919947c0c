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

from chalicelib.decisions import analysis
from chalicelib.decisions.analysis import AnalysisMachine, analyse
from chalicelib.decisions.application import CreditApplication
from chalicelib.foundation.errors import (
    AnalysisPending,
    AnalysisUnavailable,
    IdempotencyConflict,
    InvalidRequest,
    NoModelInService,
    PredictionNotFound,
    TooManyRequests,
)
from tests.fakes import PredictionList, StoringMachine

ANA = CreditApplication("ana", {"amount": 5000.0})
REQUEST = {"predictionId": "0a", "clientId": "ana"}
ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:dev-appvengers-analisisCredito"


def served():
    return True


@pytest.fixture
def predictions():
    return PredictionList()


@pytest.fixture
def machine(predictions):
    return StoringMachine(predictions)


@pytest.fixture
def stepfunctions():
    client = boto3.client("stepfunctions")
    with Stubber(client) as stubber:
        yield client, stubber


def test_the_answer_is_what_was_stored_but_for_the_application(machine, predictions):
    answered = analyse(ANA, "es", None, machine, predictions, served)
    stored = predictions.get("ana", answered["predictionId"])

    assert answered == {name: value for name, value in stored.items() if name != "application"}
    assert stored["application"] == ANA.values


def test_ids_sort_by_time(machine, predictions):
    ids = [analyse(ANA, "es", None, machine, predictions, served)["predictionId"] for _ in range(3)]
    times = [one[:12] for one in ids]

    assert times == sorted(times)
    assert len(set(ids)) == 3


def test_the_same_key_gives_the_same_prediction_and_runs_once(machine, predictions):
    one = analyse(ANA, "es", "k1", machine, predictions, served)
    other = analyse(ANA, "es", "k1", machine, predictions, served)

    assert one == other
    assert len(machine.runs) == 1


def test_a_key_whose_run_was_lost_runs_again_under_the_same_id(machine, predictions):
    class Lost:
        def run(self, request):
            raise AnalysisUnavailable

    with pytest.raises(AnalysisUnavailable):
        analyse(ANA, "es", "k1", Lost(), predictions, served)
    one = analyse(ANA, "es", "k1", machine, predictions, served)

    assert analyse(ANA, "es", "k1", machine, predictions, served) == one


@pytest.mark.parametrize("first", [{"sub": "1", "username": "ana"}, None])
@pytest.mark.parametrize("second", [{"sub": "2", "username": "eva"}, None])
def test_a_lost_run_is_repeated_for_whoever_asked_first(machine, predictions, first, second):
    class Lost:
        def run(self, request):
            raise AnalysisUnavailable

    with pytest.raises(AnalysisUnavailable):
        analyse(ANA, "es", "k1", Lost(), predictions, served, first)
    analyse(ANA, "es", "k1", machine, predictions, served, second)

    (request,) = machine.runs
    assert request.get("requestedBy") == first
    assert ("requestedBy" in request) == (first is not None)


def test_a_key_with_another_application_is_a_conflict(machine, predictions):
    analyse(ANA, "es", "k1", machine, predictions, served)

    with pytest.raises(IdempotencyConflict):
        analyse(CreditApplication("ana", {"amount": 1.0}), "es", "k1", machine, predictions, served)


def test_an_empty_key_is_told(machine, predictions):
    with pytest.raises(InvalidRequest):
        analyse(ANA, "es", "", machine, predictions, served)


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "007", "1.0", "٥"])
def test_a_page_has_1_to_100_predictions(limit, predictions):
    with pytest.raises(InvalidRequest) as refused:
        analysis.page("ana", {"limit": limit}, predictions)
    assert [*refused.value.errors] == ["limit"]


@pytest.mark.parametrize("limit", ["1", "100"])
def test_a_page_of_1_and_of_100_predictions_is_allowed(limit, predictions):
    assert analysis.page("ana", {"limit": limit}, predictions)["next"] is None


@pytest.mark.parametrize("cursor", ["zz", "", "0a", "A" * 32, "0" * 31, "0" * 33, "0" * 32 + "\n"])
def test_a_cursor_that_no_page_gave_is_refused_by_its_name(cursor, predictions):
    with pytest.raises(InvalidRequest) as refused:
        analysis.page("ana", {"cursor": cursor, "limit": "0"}, predictions)
    assert [*refused.value.errors] == ["limit", "cursor"]


def test_pages_end(machine, predictions):
    for _ in range(3):
        analyse(ANA, "es", None, machine, predictions, served)
    first = analysis.page("ana", {"limit": "2"}, predictions)
    second = analysis.page("ana", {"limit": "2", "cursor": first["next"]}, predictions)

    assert [len(first["predictions"]), len(second["predictions"])] == [2, 1]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("code", "told"),
    [("ThrottlingException", TooManyRequests), ("StateMachineDoesNotExist", AnalysisUnavailable)],
)
def test_a_machine_that_does_not_run_is_told(stepfunctions, code, told):
    client, stubber = stepfunctions
    stubber.add_client_error("start_sync_execution", code)

    with pytest.raises(told):
        AnalysisMachine(client, ARN).run(REQUEST)


@pytest.mark.parametrize(
    ("status", "detail"), [(400, "Nothing was decided"), (499, "Nothing was"), (500, "not known")]
)
def test_a_refusal_decides_nothing_and_a_fault_of_aws_may_have(stepfunctions, status, detail):
    client, stubber = stepfunctions
    stubber.add_client_error("start_sync_execution", "SomeCode", http_status_code=status)

    with pytest.raises(AnalysisUnavailable, match=detail):
        AnalysisMachine(client, ARN).run(REQUEST)


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
        AnalysisMachine(Broken(), ARN).run(REQUEST)  # type: ignore[arg-type]


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
        AnalysisMachine(client, ARN).run(REQUEST)


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
        AnalysisMachine(client, ARN).run(REQUEST)


def test_an_answer_that_takes_too_long_says_where_it_will_be():
    class Slow:
        def start_sync_execution(self, **_):
            raise ReadTimeoutError(endpoint_url="x")

    with pytest.raises(AnalysisPending) as pending:
        AnalysisMachine(Slow(), ARN).run(REQUEST)  # type: ignore[arg-type]

    assert pending.value.location == "/predictions/ana/0a"


def test_a_bank_that_never_had_a_model_in_service_says_so(stepfunctions):
    client, stubber = stepfunctions
    execution = {
        "executionArn": ARN,
        "startDate": 0,
        "stopDate": 0,
        "status": "SUCCEEDED",
        "output": json.dumps(analysis.NOT_DECIDED),
    }
    stubber.add_response("start_sync_execution", execution)

    with pytest.raises(NoModelInService):
        AnalysisMachine(client, ARN).run(REQUEST)


SILENT = {"status": "UNAVAILABLE", "error": {"Error": "EndpointUnavailable", "Cause": ""}}
SPOKE = {
    "status": "OK", "version": "1", "sha256": "a", "probabilityOfDefault": 0.1, "baseline": -2.0,
    "contributions": {},
}  # fmt: skip


def recorded(predictions, sba, served: list[bool], **answers):
    event = {
        "predictionId": "0a", "clientId": "ana", "createdAt": "2026-11-28T10:00:00.000Z",
        "language": "es", "application": {}, "models": dict.fromkeys(sba.models, SILENT) | answers,
    }  # fmt: skip
    return analysis.record(event, sba, predictions, served.pop)


def test_nothing_is_stored_before_any_model_was_in_service(predictions, sba):
    """saveResult raises nothing: its faults ring alarms, and a caller that is early is none."""
    assert recorded(predictions, sba, [False]) == analysis.NOT_DECIDED
    with pytest.raises(PredictionNotFound):
        predictions.get("ana", "0a")


def test_models_that_served_and_are_all_silent_leave_it_to_a_person(predictions, sba):
    assert recorded(predictions, sba, [True])["decision"] == "REVIEW"
    assert predictions.get("ana", "0a")["missing"] == sorted(sba.models)


def test_nobody_asks_whether_models_served_if_one_answers(predictions, sba):
    assert recorded(predictions, sba, [], Tradicional=SPOKE)["partial"]


def test_a_key_is_not_claimed_before_any_model_was_in_service(machine, predictions):
    with pytest.raises(NoModelInService):
        analyse(ANA, "es", "k1", machine, predictions, lambda: False)
    other = CreditApplication("ana", {"amount": 1.0})
    assert analyse(other, "es", "k1", machine, predictions, served)["clientId"] == "ana"
