"""Asynchronous executions of EXPRESS machines: at least once, across a restart, under any name."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from localcloud.cloud import Cloud
from localcloud.services.lambda_.pending_events import MOST_RESTARTS
from tests.contract.kept_state.test_durability import reopened
from tests.contract.stepfunctions.test_executions import Add, machine, one


def task(function: str) -> str:
    return machine(one({"Type": "Task", "Resource": function}))


def start(arn: str, name: str, **event: Any) -> dict[str, Any]:
    client = boto3.client("stepfunctions")
    return dict(client.start_execution(stateMachineArn=arn, name=name, input=json.dumps(event)))


def test_a_start_is_answered_before_the_execution_ends(cloud: Cloud, add: Add) -> None:
    answered, seen = threading.Event(), []

    def wait(event: Any, context: Any) -> None:
        assert answered.wait(10)
        seen.append(event)

    started = start(task(add("wait", wait)), "a", term=84)
    assert seen == []
    answered.set()
    cloud.idle(10)

    assert seen == [{"term": 84}]
    assert started["executionArn"].split(":")[5:8] == ["express", "machine-EXPRESS", "a"]


def test_the_same_name_is_another_execution(cloud: Cloud, add: Add) -> None:
    seen: list[Any] = []
    arn = task(add("note", lambda event, context: seen.append(event["term"])))
    arns = {start(arn, "a", term=term)["executionArn"] for term in (1, 1, 2)}
    cloud.idle(10)

    assert sorted(seen) == [1, 1, 2]
    assert len(arns) == 3


def test_an_execution_that_a_kill_cut_off_runs_again(tmp_path: Path) -> None:
    started, ended, seen = threading.Event(), threading.Event(), []

    def wait(event: Any, context: Any) -> None:
        started.set()
        ended.wait(10)

    with reopened(tmp_path) as cloud:
        role = "arn:aws:iam::123456789012:role/role"
        arn = task(cloud.add_function("note", wait, role_arn=role))
        start(arn, "a", term=84)
        assert started.wait(10)
        cloud.kept.close()  # as if it were killed: what follows is not kept
        cloud.kept.close = lambda: None  # type: ignore[method-assign]
        ended.set()
    for more in range(2):
        with reopened_with(tmp_path, lambda event, context: seen.append(event)) as cloud:
            cloud.idle(10)
        assert seen == [{"term": 84}], f"restart {more + 1}"


def reopened_with(folder: Path, handler: Any) -> Any:
    """The cloud with the function and the machine there before its state is restored."""

    def prepare(cloud: Cloud) -> None:
        task(cloud.add_function("note", handler, role_arn="arn:aws:iam::123456789012:role/role"))

    return reopened(folder, prepare)


def test_a_failed_execution_is_not_run_again(tmp_path: Path) -> None:
    seen: list[Any] = []

    def fail(event: Any, context: Any) -> None:
        seen.append(event)
        raise ValueError("it fails")

    for _ in range(2):
        with reopened_with(tmp_path, fail) as cloud:
            if not seen:
                arn = boto3.client("stepfunctions").list_state_machines()["stateMachines"][0]
                start(arn["stateMachineArn"], "a")
            cloud.idle(10)
    assert len(seen) == 1


def test_an_execution_that_ends_the_process_each_time_is_given_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Any] = []
    with reopened(tmp_path) as cloud, cloud.kept.writing() as rows:
        arn = "arn:aws:states:us-east-1:123456789012:stateMachine:machine-EXPRESS"
        rows.add_event(arn, b'{"name": "a", "input": "{}"}')
        for _ in range(MOST_RESTARTS):
            rows.count_restart()
    with reopened_with(tmp_path, lambda event, context: seen.append(event)) as cloud:
        ends = time.monotonic() + 30
        while not caplog.records and time.monotonic() < ends:  # a thread of its own gives it up
            time.sleep(0.05)
        cloud.idle(10)

    assert seen == []
    assert "is not delivered again" in caplog.text
