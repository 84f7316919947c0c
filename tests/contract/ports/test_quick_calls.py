"""A quick call answers as the usual way does. The operator's calls take the usual way."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from localcloud.cloud import Cloud
from localcloud.ports.reused_threads import OutOfTime, Signal, within
from tests.contract.conftest import ROLE, make_model, permit
from tests.contract.stepfunctions.test_executions import machine, one

MODEL, MACHINE = "arn:aws:sagemaker:*:*:endpoint/a", "arn:aws:states:*:*:stateMachine:*"
OF_ONE_CALL = ("ResponseMetadata", "executionArn", "startDate", "stopDate")


@pytest.fixture
def both(cloud: Cloud) -> Callable[..., tuple[Any, Any]]:
    """both(call) -> what a function gets, and what the operator gets."""

    def answers(call: Callable[[], Any]) -> tuple[Any, Any]:
        with cloud.authorization.acting_as(ROLE, "lambda", "the test"):
            as_function = outcome(call)
        return as_function, outcome(call)

    return answers


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return {name: part for name, part in call().items() if name not in OF_ONE_CALL}
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        said = {name: part for name, part in error.response.items() if name not in OF_ONE_CALL}
        return type(error).__name__, status, said, str(error)


@pytest.fixture
def endpoint(cloud: Cloud) -> None:
    make_model("one")
    boto3.client("sagemaker").create_endpoint(EndpointName="a", EndpointConfigName="one")
    cloud.idle(20)


def invoking(endpoint: str = "a", config: Config | None = None, **loan: Any) -> Callable[[], Any]:
    def call() -> Any:
        answer = boto3.client("sagemaker-runtime", config=config).invoke_endpoint(
            EndpointName=endpoint,
            Body=json.dumps(loan).encode(),
            ContentType="application/json",
            Accept="application/json",
        )
        return {**answer, "Body": answer["Body"].read()}

    return call


@pytest.mark.parametrize("loan", [{"term": 84}, {"term": 1, "raise": True}, {"die": True}])
def test_an_invocation_is_answered_and_fails_as_on_the_usual_way(endpoint, both, loan):
    quick, usual = both(invoking(**loan))

    assert quick == usual


def test_an_endpoint_that_is_not_there_is_refused_as_on_the_usual_way(endpoint, both):
    quick, usual = both(invoking("none"))

    assert quick == usual
    assert quick[2]["Error"]["Code"] == "ValidationError"


def test_a_call_of_a_function_does_not_take_the_usual_way(cloud, endpoint, add):
    """The usual way's answers have a request id. Names are in lower case in SageMaker's ARNs."""
    boto3.client("sagemaker").create_endpoint(EndpointName="B", EndpointConfigName="one")
    cloud.idle(20)
    permit(
        {"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": MODEL[:-1] + "b"},
        {"Effect": "Allow", "Action": ["states:*", "lambda:*"], "Resource": "*"},
    )
    arn = machine(one({"Type": "Task", "Resource": add("answer", lambda event, _: event)}))
    with cloud.authorization.acting_as(ROLE, "lambda", "the test"):
        answers = invoking("B", term=84)(), starting(arn, "{}")()

    assert all("RequestId" not in answer["ResponseMetadata"] for answer in answers)
    assert "RequestId" in invoking("B", term=84)()["ResponseMetadata"]


def test_a_function_without_the_permission_asks_no_model(cloud, endpoint, both):
    permit({"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": MODEL + "bc"})
    refused, _ = both(invoking(term=84))

    assert refused[2]["Error"]["Code"] == "AccessDeniedException"


def test_an_invocation_ends_for_its_client_at_its_read_time_out(cloud, endpoint):
    brief = Config(read_timeout=0.2, retries={"total_max_attempts": 1})
    with cloud.authorization.acting_as(ROLE, "lambda", "the test"):
        with pytest.raises(ReadTimeoutError):
            invoking(config=brief, term=1, sleep=1)()
        answered = invoking(term=84)()  # the model has gone on, and is free again

    assert json.loads(answered["Body"])["score"] == 84


def starting(arn: str, text: str, name: str = "a") -> Callable[[], Any]:
    client = boto3.client("stepfunctions")
    return lambda: client.start_sync_execution(stateMachineArn=arn, name=name, input=text)


@pytest.mark.parametrize("text", ["{}", '{"fails": true}', "{", '{"í": ["á", 1.5, null]}'])
def test_an_execution_ends_as_on_the_usual_way(cloud, add, both, text):
    def answer(event: Any, context: Any) -> Any:
        if event.get("fails"):
            raise ValueError("it fails")
        return event

    arn = machine(one({"Type": "Task", "Resource": add("answer", answer)}))
    quick, usual = both(starting(arn, text))

    assert quick == usual


@pytest.mark.parametrize("name", ["no name", "x" * 81, "a*b"])
def test_a_name_that_aws_refuses_is_refused(cloud, both, name):
    arn = machine(one({"Type": "Pass"}))
    quick, usual = both(starting(arn, "{}", name))

    assert quick == usual
    assert quick[1] == 400


def test_a_machine_that_is_not_express_or_not_there_is_refused(cloud, both):
    arn = machine(one({"Type": "Pass"}), "STANDARD")
    for place in (arn, f"{arn}-none"):
        quick, usual = both(starting(place, "{}"))
        assert quick == usual
        assert quick[1] == 400


def test_a_function_without_the_permission_starts_nothing(cloud, add, both):
    seen: list[Any] = []
    arn = machine(one({"Type": "Task", "Resource": add("note", lambda event, _: seen.append(1))}))
    permit({"Effect": "Allow", "Action": "states:StartSyncExecution", "Resource": MACHINE + "-no"})
    refused, _ = both(starting(arn, "{}"))

    assert refused[2]["Error"]["Code"] == "AccessDeniedException"
    assert len(seen) <= 1  # the operator's alone


def test_a_thread_is_used_again_and_raises_where_its_caller_waits():
    names = {within(5, threading.get_ident) for _ in range(20)}
    with pytest.raises(KeyError):
        within(5, lambda: {}["none"])
    with pytest.raises(OutOfTime):
        within(0.01, lambda: time.sleep(0.3))

    assert len(names) < 20
    assert within(5, lambda: "on") == "on"


EVENT = {
    "Source": "bank.dev",
    "DetailType": "DecisionMade",
    "Detail": '{"clientId": "c"}',
    "Time": datetime(2026, 11, 29, 10, 0, 1, 500_000, UTC),
}


def putting(*events: Any, **more: Any) -> Callable[[], Any]:
    def call() -> Any:
        answer = boto3.client("events").put_events(Entries=list(events), **more)
        for entry in answer["Entries"]:  # each event has an id of its own
            entry.pop("EventId", None)
        return answer

    return call


@pytest.mark.parametrize(
    "events",
    [
        [EVENT],
        [EVENT] * 10,
        [EVENT] * 11,
        [EVENT | {"Detail": "{"}, EVENT],
        [EVENT | {"Detail": ""}],
        [EVENT | {"Source": "aws.s3"}, EVENT],
        [EVENT | {"Time": "2026-11-29T10:00:00Z"}],
        [EVENT | {"EventBusName": "default"}],
        [EVENT | {"EventBusName": "none"}],
        [EVENT | {"Detail": json.dumps({"a": "x" * 300_000})}],
        [{name: part for name, part in EVENT.items() if name != "Source"}],
    ],
    ids=["one", "ten", "eleven", "no JSON", "empty", "of AWS", "time as text", "bus", "no bus",
         "large", "no source"],
)  # fmt: skip
def test_events_are_put_and_refused_as_on_the_usual_way(both, events):
    quick, usual = both(putting(*events))

    assert quick == usual


def test_plain_events_of_a_function_do_not_take_the_usual_way(cloud):
    with cloud.authorization.acting_as(ROLE, "lambda", "the test"):
        answer = putting(EVENT)()

    assert "RequestId" not in answer["ResponseMetadata"]
    assert "RequestId" in putting(EVENT)()["ResponseMetadata"]


def test_a_function_without_the_permission_puts_no_events(cloud, both):
    condition = {"StringEquals": {"events:source": "bank.prod"}}
    permit({"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*",
            "Condition": condition})  # fmt: skip
    refused, _ = both(putting(EVENT))
    allowed, usual = both(putting(EVENT | {"Source": "bank.prod"}))

    assert refused[2]["Error"]["Code"] == "AccessDeniedException"
    assert allowed == usual


def test_a_rule_gets_the_same_event_on_either_way(cloud, both, add):
    got: list[Any] = []
    arn = add("listener", lambda event, _: got.append(event))
    client = boto3.client("events")
    client.put_rule(Name="all", EventPattern=json.dumps({"source": ["bank.dev"]}))
    client.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": arn}])

    both(putting(EVENT))
    cloud.idle(20)

    quick, usual = ({**one, "id": "", "ingestion-time": 0} for one in got)
    assert quick == usual
    assert quick["time"] == "2026-11-29T10:00:01Z"


def test_a_signal_ends_a_wait_as_an_event_does():
    for signal in (Signal(), threading.Event()):
        assert (signal.is_set(), signal.wait(0)) == (False, False)
        threading.Timer(0.05, signal.set).start()
        assert signal.wait(20)
        signal.set()
        assert (signal.is_set(), signal.wait(0), signal.wait()) == (True, True, True)
