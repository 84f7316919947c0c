"""An invocation ends for its client at the client's read time-out, and the function goes on."""

import threading
from collections.abc import Callable

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from localcloud.cloud import Cloud


def test_a_function_goes_on_whose_client_waits_no_longer(
    cloud: Cloud, add: Callable[..., str]
) -> None:
    may_end, ended = threading.Event(), threading.Event()

    def handler(*_: object) -> str:
        may_end.wait(30)
        ended.set()
        return "late"

    add("slow", handler)
    brief = Config(read_timeout=0.2, retries={"total_max_attempts": 1})
    with pytest.raises(ReadTimeoutError):
        boto3.client("lambda", config=brief).invoke(FunctionName="slow")
    assert not ended.is_set()
    may_end.set()
    assert ended.wait(30)
    answer = boto3.client("lambda").invoke(FunctionName="slow")
    assert answer["Payload"].read() == b'"late"'
