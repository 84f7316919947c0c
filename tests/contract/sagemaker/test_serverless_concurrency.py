"""MaxConcurrency of a serverless endpoint at its invocation: AWS throttles, and does not queue."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from localcloud.cloud import Cloud
from tests.contract.conftest import make_model

SLEEPS = 1.5  # seconds: what takes a place
PATIENT = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as callers:
        yield callers


def serve(cloud: Cloud, places: int | None) -> None:
    """An endpoint with so many places, or on an instance."""
    make_model("m")
    sagemaker, name = boto3.client("sagemaker"), "m"
    if places is not None:
        serverless: Any = {"MemorySizeInMB": 1024, "MaxConcurrency": places}
        variant: Any = {"VariantName": "v", "ModelName": "m", "ServerlessConfig": serverless}
        name = "serverless"
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName=name)
    cloud.idle(30)


def asked(sleep: float = 0) -> int:
    """Return the model's answer; a throttled call is not repeated."""
    runtime = boto3.client("sagemaker-runtime", config=PATIENT)
    body = json.dumps({"term": 1, "sleep": sleep})
    answer = runtime.invoke_endpoint(EndpointName="e", Body=body)
    return int(json.loads(answer["Body"].read())["score"])


def refused() -> dict[str, Any]:
    with pytest.raises(ClientError) as error:
        asked()
    return dict(error.value.response)


def test_what_comes_beyond_the_concurrency_is_throttled_and_the_rest_is_answered(
    cloud: Cloud, callers: ThreadPoolExecutor
) -> None:
    serve(cloud, places=2)
    taking = [callers.submit(asked, sleep=2 * SLEEPS) for _ in range(2)]
    time.sleep(SLEEPS)
    answer = refused()

    assert answer["Error"] == {"Code": "ThrottlingException", "Message": None}
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert [one.result() for one in taking] == [1, 1]  # both have a place, though the model is busy
    assert asked() == 1


def test_a_call_that_its_client_gave_up_keeps_its_place_until_the_model_answers(
    cloud: Cloud,
) -> None:
    serve(cloud, places=1)
    hasty = Config(read_timeout=0.3, retries={"total_max_attempts": 1})
    runtime = boto3.client("sagemaker-runtime", config=hasty)
    with pytest.raises(ReadTimeoutError):
        runtime.invoke_endpoint(EndpointName="e", Body=b'{"term": 1, "sleep": 1.5}')

    assert refused()["Error"]["Code"] == "ThrottlingException"
    time.sleep(2 * SLEEPS)
    assert asked() == 1


def test_an_endpoint_on_instances_is_not_throttled(
    cloud: Cloud, callers: ThreadPoolExecutor
) -> None:
    serve(cloud, places=None)
    calls = [callers.submit(asked, sleep=0.1) for _ in range(8)]

    assert [one.result() for one in calls] == [1] * 8


def test_without_limits_none_is_throttled(cloud: Cloud, callers: ThreadPoolExecutor) -> None:
    serve(cloud, places=1)
    cloud.endpoints.concurrency.limited = False
    taking = callers.submit(asked, sleep=SLEEPS)
    time.sleep(SLEEPS / 2)

    assert asked() == 1
    assert taking.result() == 1
