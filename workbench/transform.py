"""A SageMaker Batch Transform job of a model that is deployed, from the artifact it answers from.

\b
    python -m workbench.transform Tradicional 2006-01/ scored/2006-01/
    python -m workbench.transform --upload applications.jsonl Tradicional 2006-01/ scored/2006-01/

SOURCE and TARGET are below s3://<stage>-<app>-data/credit/batch/, which the job's role can reach.
The input is JSON lines, an application a line; so is the output, an answer a line in the same
order, with its reasons. `workbench.score` does the same here, without the reasons and much quicker.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import profile
from chalicelib.foundation.settings import BATCH_PREFIX, LONGEST_NAME
from chalicelib.models.containers import SERVING
from workbench.file_scoring import deployed_models

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

LINES = "application/jsonlines"
INSTANCE: Literal["ml.m5.large"] = "ml.m5.large"
LARGEST_MEGABYTES = 1  # of lines in one request: a few thousand applications, seconds of work


def start(
    client: "SageMakerClient", model: str, role: str, name: str, source: str, target: str
) -> str:
    """Start the batch transform, and return the job's ARN.

    `model` is the name in SageMaker, with the version. The job gets a model of its own from the
    same artifact, because an endpoint's role reaches no applications.
    """
    deployed = client.describe_model(ModelName=model)
    container = deployed["PrimaryContainer"]
    owner = deployed["ExecutionRoleArn"].rpartition("/")[0]
    client.create_model(
        ModelName=name,
        ExecutionRoleArn=f"{owner}/{role}",
        PrimaryContainer=container,
        # One that an earlier release deployed fetches its packages.
        EnableNetworkIsolation=container.get("Environment") == SERVING,
    )
    created = client.create_transform_job(
        TransformJobName=name,
        ModelName=name,
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
@click.option("--upload", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--stage", default="dev", show_default=True)
def main(model: str, source: str, target: str, upload: Path | None, stage: str) -> None:
    try:
        deployed = deployed_models.versions(stage, profile.load())
        if model not in deployed:
            raise click.UsageError(f"{model} is no model of the profile: {', '.join(deployed)}")
        settings = deployed_models.settings(stage)
        if upload:
            key = f"{BATCH_PREFIX}{source.rstrip('/')}/{upload.name}"
            boto3.client("s3").upload_file(str(upload), settings.data_bucket, key)
        name = f"{settings.prefix}-{model}-{deployed[model]}"
        job = job_name(name, datetime.now(UTC))
        places = (f"s3://{settings.data_bucket}/{BATCH_PREFIX}{path}" for path in (source, target))
        role = f"{settings.prefix}-transform"
        print(start(boto3.client("sagemaker"), name, role, job, *places))
    except (deployed_models.NothingLive, ClientError, BotoCoreError) as fault:
        raise click.ClickException(str(fault)) from fault


if __name__ == "__main__":
    sys.exit(main())
