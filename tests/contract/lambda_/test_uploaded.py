"""A function that was uploaded runs as Lambda runs it: from its zip, alone, in a process."""

import io
import json
import logging
import os
import signal
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from localcloud.cloud import Cloud
from tests.contract.conftest import ROLE

PROGRAM = """
import json, os, sys, time

class ModelNotReady(Exception):
    pass

def handler(event, context):
    print("this is the log")
    if "raise" in event:
        raise ModelNotReady(event["raise"])
    if "exit" in event:
        os._exit(event["exit"])
    time.sleep(event.get("sleep", 0))
    return {
        "event": event,
        "pid": os.getpid(),
        "left": context.get_remaining_time_in_millis(),
        "name": context.function_name,
        "setting": os.environ.get("SETTING"),
        "home": os.environ.get("HOME"),
        "version": VERSION,
    }

def sees(event, context):
    import boto3
    try:
        import chalicelib
    except ImportError as error:
        return {"missing": error.name, "account": boto3.client("sts").get_caller_identity()["Arn"]}

VERSION = 1
"""


def zipped(program: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("app.py", program)
    return file.getvalue()


@pytest.fixture
def upload(cloud: Cloud) -> Callable[..., str]:
    """upload(name, handler, timeout): a function of PROGRAM"""
    cloud.run_uploaded_functions(cloud.serve_aws(0))
    role = ROLE

    def create(name: str, handler: str = "app.handler", timeout: int = 20) -> str:
        boto3.client("lambda").create_function(
            FunctionName=name,
            Role=role,
            Runtime="python3.12",
            Handler=handler,
            Code={"ZipFile": zipped(PROGRAM)},
            Timeout=timeout,
            Environment={"Variables": {"SETTING": "dev"}},
        )
        return name

    return create


def invoke(name: str, event: Any) -> tuple[str | None, Any]:
    response = boto3.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return response.get("FunctionError"), json.load(response["Payload"])


def test_the_uploaded_program_answers_in_a_process_that_is_kept(upload):
    name = upload("score")
    failed, first = invoke(name, {"n": 1})
    _, second = invoke(name, {"n": 2})

    assert failed is None
    assert (first["event"], second["event"]) == ({"n": 1}, {"n": 2})
    assert first["pid"] == second["pid"]
    assert (first["name"], first["setting"], first["home"]) == ("score", "dev", None)
    assert 0 < first["left"] <= 20_000


def test_it_sees_boto3_and_its_role_and_nothing_of_the_repository(upload):
    _, answer = invoke(upload("score", "app.sees"), {})

    assert answer["missing"] == "chalicelib"
    assert ":assumed-role/role/score" in answer["account"]


def test_an_exception_is_told_by_its_class(upload):
    failed, answer = invoke(upload("score"), {"raise": "starting"})

    assert failed == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("ModelNotReady", "starting")


def test_a_process_that_ends_is_an_error_and_the_next_call_has_a_new_one(upload):
    name = upload("score")

    assert invoke(name, {"exit": 3})[1]["errorType"] == "Runtime.ExitError"
    assert invoke(name, {})[0] is None


def test_a_function_that_takes_too_long_is_stopped(upload):
    name = upload("score", timeout=1)

    assert invoke(name, {"sleep": 5})[1]["errorType"] == "Sandbox.Timedout"
    assert invoke(name, {})[0] is None


def test_an_event_for_a_process_that_has_ended_does_not_keep_the_cloud_from_closing(upload, cloud):
    name = upload("score")
    os.kill(invoke(name, {})[1]["pid"], signal.SIGKILL)

    assert invoke(name, {})[1]["errorType"] == "Runtime.ExitError"
    cloud._uploaded.close()


def test_new_code_is_what_answers_next(upload):
    name = upload("score")
    assert invoke(name, {})[1]["version"] == 1
    newer = zipped(PROGRAM.replace("VERSION = 1", "VERSION = 2"))
    boto3.client("lambda").update_function_code(FunctionName=name, ZipFile=newer)

    assert invoke(name, {})[1]["version"] == 2


def test_an_event_is_given_to_it_later_with_retries(upload, cloud, caplog):
    caplog.set_level(logging.CRITICAL, "localcloud")  # for this test alone
    name = upload("score")
    boto3.client("lambda").invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps({"raise": "never"})
    )
    cloud.idle(30)

    assert [failure.error["errorType"] for failure in cloud.failures] == ["ModelNotReady"]
