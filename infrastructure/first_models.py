"""A bank's first models: a snapshot in, three endpoints in service. Each step may be repeated."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3

from chalicelib import artifact
from chalicelib.data_bucket import DataBucket
from chalicelib.profile import Profile
from chalicelib.settings import SNAPSHOT_PREFIX, Settings
from infrastructure import training_source
from infrastructure.training_jobs import TrainingJobs, start_all

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

PATIENCE_SECONDS = 3600
ENDED = ("Completed", "Failed", "Stopped", "InService", "OutOfService")

Statuses = dict[str, str]


class TrainingFailed(Exception):
    """No first models: a job or an endpoint failed."""


def put_sources(s3: "S3Client", settings: Settings, snapshot: str, body: bytes) -> None:
    """The snapshot and the training source."""
    key = f"{SNAPSHOT_PREFIX}{snapshot}/applications.parquet"
    s3.put_object(Bucket=settings.data_bucket, Key=key, Body=body)
    training_source.put(s3, settings)


def start(settings: Settings, profile: Profile) -> dict[str, str]:
    """The training job of each model, on the newest snapshot. Raises NoSnapshot."""
    account = boto3.client("sts").get_caller_identity()["Account"]
    sagemaker, data = profile.sagemaker, DataBucket(boto3.client("s3"), settings.data_bucket)
    jobs = TrainingJobs(
        boto3.client("sagemaker"),
        settings.prefix,
        settings.role_arn(sagemaker.training_role, account),
        settings.data_bucket,
        sagemaker,
        settings.stage,
    )
    return start_all(datetime.now(UTC), profile, data, jobs)


def scheduled_event(at: datetime) -> dict[str, Any]:
    """What EventBridge sends on schedule."""
    return {
        "version": "0",
        "id": at.strftime("%Y%m%dT%H%M%S"),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "",
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "",
        "resources": [],
        "detail": {},
    }


def job_statuses(sagemaker: "SageMakerClient", jobs: dict[str, str]) -> Iterator[Statuses]:
    """The jobs' statuses by model, again and again until all have ended well."""

    def describe(job: str) -> tuple[str, str]:
        found = sagemaker.describe_training_job(TrainingJobName=job)
        return found["TrainingJobStatus"], found.get("FailureReason", "")

    return _statuses(describe, jobs)


def endpoint_statuses(
    sagemaker: "SageMakerClient", settings: Settings, models: list[str]
) -> Iterator[Statuses]:
    """The endpoints' statuses by model, until all are in service."""

    def describe(model: str) -> tuple[str, str]:
        name = f"{settings.prefix}-{model}"
        found = [
            endpoint["EndpointStatus"]
            for endpoint in sagemaker.list_endpoints(NameContains=name)["Endpoints"]
            if endpoint["EndpointName"] == name
        ]
        if "Failed" not in found:
            return found[0] if found else "Waiting", ""
        return "Failed", sagemaker.describe_endpoint(EndpointName=name).get("FailureReason", "")

    return _statuses(describe, {model: model for model in models})


def promote(data: DataBucket, settings: Settings, profile: Profile, jobs: dict[str, str]) -> None:
    """Each job's artifact to where createEndpointModel takes it from.

    Raises InvalidArtifact for what would be refused there: nobody should wait for its endpoint.
    """
    versions = {m: job.removeprefix(f"{settings.prefix}-{m}-") for m, job in jobs.items()}
    for model, job in jobs.items():
        artifact.verify(data.artifact_of(job), model, versions[model], profile)
    for model, job in jobs.items():
        data.promote(job, model, versions[model], settings.model_bucket)


def _statuses(
    describe: Callable[[str], tuple[str, str]], names: dict[str, str]
) -> Iterator[Statuses]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        described = {model: describe(name) for model, name in names.items()}
        yield {model: status for model, (status, _) in described.items()}
        for model, (status, reason) in described.items():
            if status in ("Failed", "Stopped", "OutOfService"):
                raise TrainingFailed(f"{model} ended as {status}: {reason}")
        if all(status in ENDED for status, _ in described.values()):
            return
        time.sleep(0.5)
    raise TrainingFailed(f"Not done after {PATIENCE_SECONDS} seconds: {', '.join(names.values())}")
