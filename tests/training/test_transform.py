"""The Batch Transform job is one that AWS's own description of the call accepts."""

from datetime import UTC, datetime

import boto3
from botocore.stub import Stubber

from training import transform

NAME = "dev-appvengers-AppVengersAccelerator-20050701T000000"


def test_a_job_reads_lines_and_writes_lines():
    client = boto3.client(
        "sagemaker",
        "us-east-1",
        aws_access_key_id="stub",
        aws_secret_access_key="stub",  # noqa: S106 - nothing is signed for anyone
    )
    asked = {}
    client.meta.events.register(
        "provide-client-params.sagemaker.CreateTransformJob",
        lambda params, **_: asked.update(params),
    )
    arn = "arn:aws:sagemaker:us-east-1:123456789012:transform-job/x"
    with Stubber(client) as stub:
        stub.add_response("create_transform_job", {"TransformJobArn": arn})
        job = transform.job_name(NAME, datetime(2026, 11, 24, tzinfo=UTC))
        assert transform.start(client, NAME, job, "s3://b/in/", "s3://b/out/") == arn
        stub.assert_no_pending_responses()
    assert asked["ModelName"] == NAME
    assert asked["TransformInput"]["ContentType"] == "application/jsonlines"
    assert asked["TransformOutput"]["Accept"] == "application/jsonlines"
    assert asked["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"] == "s3://b/in/"


def test_a_jobs_name_fits_and_keeps_its_time():
    name = transform.job_name(NAME, datetime(2026, 11, 24, tzinfo=UTC))
    assert len(name) <= 63
    assert name.endswith("-20261124T000000")
