"""A SageMaker Batch Transform job of a model that is deployed, from the artifact it answers from.

\b
    python -m training.transform Tradicional s3://bucket/applications/ s3://bucket/scored/

The input is JSON lines, an application a line; so is the output, an answer a line in the same
order, with its reasons. `training.score` does the same here, without the reasons and much quicker.
"""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import profile
from training import live

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

LINES = "application/jsonlines"
INSTANCE = "ml.m5.large"
LARGEST_MEGABYTES = 1  # of lines in one request: a few thousand applications, seconds of work
LONGEST_NAME = 63


def start(client: "SageMakerClient", model: str, name: str, source: str, target: str) -> str:
    """The job's ARN. `model` is SageMaker's name of it, with the version."""
    created = client.create_transform_job(
        TransformJobName=name,
        ModelName=model,
        BatchStrategy="MultiRecord",
        MaxPayloadInMB=LARGEST_MEGABYTES,
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": source}},
            "ContentType": LINES,
            "SplitType": "Line",
        },
        TransformOutput={"S3OutputPath": target, "Accept": LINES, "AssembleWith": "Line"},
        TransformResources={"InstanceType": INSTANCE, "InstanceCount": 1},
    )
    return created["TransformJobArn"]


def job_name(model: str, at: datetime) -> str:
    stamp = at.strftime("%Y%m%dT%H%M%S")
    return f"{model[: LONGEST_NAME - len(stamp) - 1]}-{stamp}"


@click.command(help=__doc__)
@click.argument("model")
@click.argument("source")
@click.argument("target")
@click.option("--stage", default="dev", show_default=True)
def main(model: str, source: str, target: str, stage: str) -> None:
    for uri in (source, target):
        if not uri.startswith("s3://"):
            raise click.UsageError(f"{uri} is not s3://bucket/prefix")
    try:
        deployed = live.versions(stage, profile.load())
        if model not in deployed:
            raise click.UsageError(f"{model} is no model of the profile: {', '.join(deployed)}")
        name = f"{live.settings(stage).prefix}-{model}-{deployed[model]}"
        job = job_name(name, datetime.now(UTC))
        print(start(boto3.client("sagemaker"), name, job, source, target))
    except (live.NothingLive, ClientError, BotoCoreError) as fault:
        raise click.ClickException(str(fault)) from fault


if __name__ == "__main__":
    sys.exit(main())
