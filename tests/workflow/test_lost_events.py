"""SageMaker's events are lost: how trainings and deployments ended is recorded and told all the
same, once, by the next watchTraining or updateData."""

import json
from contextlib import contextmanager

import boto3
import pytest

from chalicelib.models.model_bucket import ModelBucket
from tests.workflow import retraining
from tests.workflow.conftest import reversioned, scheduled, watch
from tests.workflow.test_endings import archive_that_raises, notices, train

MODEL, ENDPOINT = "Tradicional", "dev-appvengers-Tradicional"
RULES = [f"appvengers-dev-{name}-event" for name in ("endpointChanged", "trainingChanged")]


@pytest.fixture(autouse=True)
def silence():
    """No event of SageMaker's reaches a function."""
    events = boto3.client("events")
    for rule in RULES:
        events.disable_rule(Name=rule)
    yield
    for rule in RULES:
        events.enable_rule(Name=rule)


def endings(served):
    bucket = ModelBucket(boto3.client("s3"), served.bank.settings.model_bucket)
    return [(one.version, one.how) for one in bucket.endings(MODEL)]


@contextmanager
def news(served, subject):
    """The notices of this subject, meanwhile."""
    before, found = len(notices(served, subject)), []
    yield found
    found += notices(served, subject)[before:]


def upload(served, version):
    body = reversioned(served.artifact(MODEL), version)
    served.upload(f"appvengers/{MODEL}/{version}/model.tar.gz", body)


def watched(served, times=2):
    for _ in range(times):
        watch()
        served.bank.cloud.idle(30)


def test_a_first_model_and_an_update_are_recorded_and_told_once(served):
    boto3.client("sagemaker").delete_endpoint(EndpointName=ENDPOINT)
    first, second = "20380101T000000", "20380102T000000"
    with news(served, "Modelo en servicio") as told:
        upload_anew(served, first)
        assert (first, "in-service") not in endings(served)
        assert served.get("/models").json()["models"][MODEL]["status"] == "InService"
        upload(served, second)  # records how the first one ended before it begins
        assert endings(served)[-1] == (first, "in-service")
        watched(served)
        assert endings(served)[-1] == (second, "in-service")
        retell()
        served.bank.cloud.idle(30)

    assert [version in one for version, one in zip((first, second), told, strict=True)] == [
        True
    ] * 2
    assert endings(served)[-2:] == [(first, "in-service"), (second, "in-service")]


def upload_anew(served, version):
    """The endpoint is gone, so its artifact is taken from where it was verified."""
    bucket = ModelBucket(boto3.client("s3"), served.bank.settings.model_bucket)
    body = bucket.verified_artifact(MODEL, bucket.last_served(MODEL))
    served.upload(f"appvengers/{MODEL}/{version}/model.tar.gz", reversioned(body, version))


def retell():
    """The event of it comes after all, days late."""
    event = {
        "version": "0", "id": "late", "account": "", "region": "us-east-1", "resources": [],
        "detail-type": "SageMaker Endpoint State Change", "source": "aws.sagemaker",
        "time": "2038-01-01T00:00:00Z", "detail": {"EndpointName": ENDPOINT},
    }  # fmt: skip
    boto3.client("lambda").invoke(
        FunctionName="appvengers-dev-endpointChanged",
        InvocationType="Event",
        Payload=json.dumps(event),
    )


def test_a_failed_update_is_recorded_and_told_once_by_update_data(served):
    fail_to_update(served)
    with news(served, "Despliegue revertido") as told:
        boto3.client("lambda").invoke(
            FunctionName="appvengers-dev-updateData", Payload=json.dumps(scheduled(0))
        )
        served.bank.cloud.idle(120)
        watched(served)

    assert len(told) == 1
    assert "no such package" in told[0]
    assert endings(served)[-1][1] == "failed"


def fail_to_update(served):
    sagemaker, s3 = boto3.client("sagemaker"), boto3.client("s3")
    bucket, config = served.bank.settings.model_bucket, f"{ENDPOINT}-lost"
    live = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
    like = sagemaker.describe_model(ModelName=live)
    s3.put_object(Bucket=bucket, Key="verified/lost.tar.gz", Body=archive_that_raises())
    container = like["PrimaryContainer"] | {"ModelDataUrl": f"s3://{bucket}/verified/lost.tar.gz"}
    sagemaker.create_model(
        ModelName=config, ExecutionRoleArn=like["ExecutionRoleArn"], PrimaryContainer=container
    )
    (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=live)["ProductionVariants"]
    sagemaker.create_endpoint_config(
        EndpointConfigName=config, ProductionVariants=[variant | {"ModelName": config}]
    )
    sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=config)
    served.bank.cloud.idle(30)


def test_a_version_that_was_put_back_by_hand_is_recorded_and_told_once(served):
    """The version in between ended unseen, so the last record is of the version that answers."""
    version, between = "20380102T120000", "20380102T180000"
    upload(served, version)
    watched(served)
    upload(served, between)
    boto3.client("sagemaker").update_endpoint(
        EndpointName=ENDPOINT, EndpointConfigName=f"{ENDPOINT}-{version}"
    )
    served.bank.cloud.idle(30)
    before = len(endings(served))
    with news(served, "Modelo en servicio") as told:
        watched(served)

    assert endings(served)[before:] == [(version, "in-service")]
    assert [version in one for one in told] == [True]


def test_a_version_that_came_while_the_endpoint_was_busy_is_deployed_by_the_watch(served):
    record = served.bank.cloud.endpoints.records[ENDPOINT]
    record.endpoint_status = "Updating"
    version = "20380103T000000"
    upload(served, version)
    shown = served.get("/models").json()["models"][MODEL]
    assert (shown["waiting"], shown["version"] == version) == (version, False)
    record.endpoint_status = "InService"
    watched(served)

    assert served.get("/models").json()["models"][MODEL]["version"] == version
    assert endings(served)[-1] == (version, "in-service")


def test_a_training_that_failed_is_told_once(served):
    job = "dev-appvengers-Tradicional-lost"
    before = notices(served, "Entrenamiento fallido")
    key, bucket = "credit/snapshots/00000000-nowhere/notes.txt", served.bank.settings.data_bucket
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=b"no applications")
    with news(served, "Entrenamiento fallido") as told:
        train(served, job, "credit/snapshots/00000000-nowhere/")
        boto3.client("s3").delete_object(Bucket=bucket, Key=key)
        assert notices(served, "Entrenamiento fallido") == before
        watched(served)

    assert [job in one for one in told] == [True]


def test_a_retraining_is_recorded_and_told_once(served, sample):
    version = "20380104T000000"
    with retraining.source(), news(served, "Modelo en servicio") as told:
        retraining.put_snapshot(version, sample.snapshot())
        arn = retraining.start(served, version, (MODEL,))
        assert retraining.ended(served, arn)["status"] == "SUCCEEDED"
        assert endings(served)[-1] != (version, "in-service")
        watched(served)
    retraining.forget(version)

    assert endings(served)[-1] == (version, "in-service")
    assert [version in one for one in told] == [True]
