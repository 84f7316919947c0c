"""The Batch Transform job is one that AWS's own description of the call accepts."""

from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber

from chalicelib.models.containers import SERVING
from workbench import transform

NAME = "dev-appvengers-AppVengersAccelerator-20050701T000000"


@pytest.mark.parametrize(
    ("environment", "isolated"),
    [(SERVING, True), ({"SAGEMAKER_PROGRAM": "inference.py"}, False)],
)
def test_a_job_reads_lines_alone_but_if_its_container_fetches(environment, isolated):
    client = boto3.client(
        "sagemaker",
        "us-east-1",
        aws_access_key_id="stub",
        aws_secret_access_key="stub",  # noqa: S106 - nothing is signed for anyone
    )
    asked, made = {}, {}
    client.meta.events.register(
        "provide-client-params.sagemaker.CreateTransformJob",
        lambda params, **_: asked.update(params),
    )
    client.meta.events.register(
        "provide-client-params.sagemaker.CreateModel", lambda params, **_: made.update(params)
    )
    container = {
        "Image": "sklearn",
        "ModelDataUrl": "s3://b/model.tar.gz",
        "Environment": environment,
    }
    role = "arn:aws:iam::123456789012:role"
    deployed = {
        "ModelName": NAME,
        "ModelArn": f"arn:aws:sagemaker:us-east-1:123456789012:model/{NAME}",
        "ExecutionRoleArn": f"{role}/dev-appvengers-endpoints",
        "PrimaryContainer": container,
        "CreationTime": datetime(2026, 11, 24, tzinfo=UTC),
    }
    arn = "arn:aws:sagemaker:us-east-1:123456789012:transform-job/x"
    with Stubber(client) as stub:
        stub.add_response("describe_model", deployed)
        stub.add_response("create_model", {"ModelArn": f"{deployed['ModelArn']}-x"})
        stub.add_response("create_transform_job", {"TransformJobArn": arn})
        job = transform.job_name(NAME, datetime(2026, 11, 24, tzinfo=UTC))
        to, places = "dev-appvengers-transform", ("s3://b/in/", "s3://b/out/")
        assert transform.start(client, NAME, to, job, *places) == arn
        stub.assert_no_pending_responses()
    assert asked["ModelName"] == made["ModelName"] == job
    assert made["ExecutionRoleArn"] == f"{role}/dev-appvengers-transform"
    assert made["PrimaryContainer"] == container
    assert made["EnableNetworkIsolation"] is isolated
    assert asked["TransformInput"]["ContentType"] == "application/jsonlines"
    assert asked["TransformOutput"]["Accept"] == "application/jsonlines"
    assert asked["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] == "s3://b/in/"


def test_a_jobs_name_fits_and_keeps_its_time():
    name = transform.job_name(NAME, datetime(2026, 11, 24, tzinfo=UTC))
    assert len(name) <= 63
    assert name.endswith("-20261124T000000")
