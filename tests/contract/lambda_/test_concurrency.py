"""Lambda's concurrency and EventBridge's rules: quotas that are enforced, as on AWS."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from tests.contract.conftest import ROLE, make_role
from tests.contract.stepfunctions.test_executions import machine, run

QUOTA, RULES = "lambda/L-B99A9384", "events/L-244521F2"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with embedded_cloud(quotas={QUOTA: 2, RULES: 2}) as cloud:
        make_role()
        yield cloud


class Busy:
    """A function whose invocations last until `done` is set."""

    def __init__(self, cloud: Cloud, name: str = "busy") -> None:
        self.done = threading.Event()
        self.running = threading.Semaphore(0)
        self.handled: list[Any] = []
        self.arn = cloud.add_function(name, self, role_arn=ROLE)
        self._name = name
        self._callers: list[threading.Thread] = []

    def __call__(self, event: Any, _context: Any) -> Any:
        self.running.release()
        assert self.done.wait(30)
        self.handled.append(event)
        return event

    def run(self, times: int) -> None:
        """Invoke it so often at once, and return once all of them run."""
        for number in range(times):
            caller = threading.Thread(target=invoke, args=(self._name, number))
            caller.start()
            self._callers.append(caller)
        for _ in range(times):
            assert self.running.acquire(timeout=10)

    def finish(self) -> None:
        self.done.set()
        for caller in self._callers:
            caller.join(10)


def invoke(name: str, event: Any = None, kind: Any = "RequestResponse") -> Any:
    client = boto3.client("lambda", config=Config(retries={"total_max_attempts": 1}))
    return client.invoke(FunctionName=name, InvocationType=kind, Payload=json.dumps(event))


def throttled(call: Callable[[], Any]) -> Any:
    with pytest.raises(ClientError) as error:
        call()
    answer = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert answer["Error"]["Code"] == "TooManyRequestsException"
    return answer["Reason"]


def test_the_account_runs_its_quota_at_once_and_not_one_more(cloud: Cloud) -> None:
    busy = Busy(cloud)
    cloud.add_function("other", lambda event, context: event, role_arn=ROLE)
    busy.run(1)
    assert invoke("other")["StatusCode"] == 200
    busy.run(1)
    assert throttled(lambda: invoke("other")) == "ConcurrentInvocationLimitExceeded"
    busy.finish()
    assert invoke("other")["StatusCode"] == 200


def test_a_throttled_event_is_handled_once_there_is_room(cloud: Cloud) -> None:
    busy, handled = Busy(cloud), []
    cloud.add_function("later", lambda event, context: handled.append(event), role_arn=ROLE)
    busy.run(2)
    assert invoke("later", "news", "Event")["StatusCode"] == 202
    threading.Event().wait(0.5)  # more than its first retries
    assert handled == []
    busy.finish()
    cloud.idle(20)
    assert handled == ["news"]
    assert cloud.failures == []


def test_reserved_concurrency_limits_a_function_and_is_kept_from_the_others() -> None:
    with embedded_cloud(quotas={QUOTA: 102}) as cloud:
        make_role()
        busy = Busy(cloud)
        cloud.add_function("other", lambda event, context: event, role_arn=ROLE)
        client = boto3.client("lambda")
        with pytest.raises(ClientError, match=r"below its minimum value of \[100\]"):
            client.put_function_concurrency(FunctionName="busy", ReservedConcurrentExecutions=3)
        client.put_function_concurrency(FunctionName="busy", ReservedConcurrentExecutions=2)
        busy.run(2)
        reason = throttled(lambda: invoke("busy"))
        assert reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
        assert invoke("other")["StatusCode"] == 200
        settings = client.get_account_settings()["AccountLimit"]
        assert settings["UnreservedConcurrentExecutions"] == 100
        busy.finish()


def test_a_new_account_can_reserve_nothing() -> None:
    with embedded_cloud() as cloud:
        make_role()
        cloud.add_function("f", lambda event, context: event, role_arn=ROLE)
        with pytest.raises(ClientError, match=r"below its minimum value of \[10\]"):
            boto3.client("lambda").put_function_concurrency(
                FunctionName="f", ReservedConcurrentExecutions=1
            )


def test_a_machine_is_told_of_throttling_by_step_functions_name_for_it(cloud: Cloud) -> None:
    busy = Busy(cloud)
    task = {"Type": "Task", "Resource": busy.arn, "End": True}
    busy.run(2)
    ended = run(machine({"StartAt": "Ask", "States": {"Ask": task}}))
    assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.TooManyRequestsException")
    busy.finish()


def test_an_account_has_as_many_rules_as_its_quota(cloud: Cloud) -> None:
    events = boto3.client("events")
    for name in ("a", "b", "b"):
        events.put_rule(Name=name, ScheduleExpression="rate(1 day)")
    with pytest.raises(ClientError) as error:
        events.put_rule(Name="c", ScheduleExpression="rate(1 day)")
    assert error.value.response["Error"]["Code"] == "LimitExceededException"
    events.delete_rule(Name="a")
    events.put_rule(Name="c", ScheduleExpression="rate(1 day)")


def test_an_account_s_event_names_no_service_of_aws_as_its_source(cloud: Cloud) -> None:
    entry: Any = {"DetailType": "t", "Detail": "{}"}
    sources = ("bank", "aws.sagemaker", "awsome")
    answer = boto3.client("events").put_events(Entries=[{**entry, "Source": s} for s in sources])
    assert answer["FailedEntryCount"] == 1
    codes = [one.get("ErrorCode") for one in answer["Entries"]]
    assert codes == [None, "NotAuthorizedForSourceException", None]
