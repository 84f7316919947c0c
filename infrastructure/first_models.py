"""A bank's first models: a snapshot in, three endpoints in service. Each step may be repeated."""

import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3

from chalicelib import artifact
from chalicelib.data_bucket import DataBucket
from chalicelib.profile import Profile
from chalicelib.retraining_files import RetrainingFiles
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


def put_sources(s3: "S3Client", settings: Settings, dataset: str, body: bytes) -> str:
    """The training source, and the snapshot, whose name is returned: it begins with the time, so
    that the newest sorts last. The same bytes again are the snapshot that is there."""
    training_source.put(s3, settings)
    if earlier := _same(s3, settings, dataset, body):
        return earlier
    snapshot = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{dataset}"
    key = f"{SNAPSHOT_PREFIX}{snapshot}/applications.parquet"
    metadata = {"sha256": hashlib.sha256(body).hexdigest()}
    s3.put_object(Bucket=settings.data_bucket, Key=key, Body=body, Metadata=metadata)
    return snapshot


def _same(s3: "S3Client", settings: Settings, dataset: str, body: bytes) -> str:
    end, digest = f"-{dataset}/applications.parquet", hashlib.sha256(body).hexdigest()
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=settings.data_bucket, Prefix=SNAPSHOT_PREFIX
    )
    for key in [found["Key"] for page in pages for found in page.get("Contents", [])]:
        if key.endswith(end):
            found = s3.head_object(Bucket=settings.data_bucket, Key=key)["Metadata"]
            if found.get("sha256") == digest:
                return key.removeprefix(SNAPSHOT_PREFIX).partition("/")[0]
    return ""


def start(settings: Settings, profile: Profile, snapshot: str) -> dict[str, str]:
    """The training job of each model; one that an earlier run began on it is waited for."""
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
    return start_all(datetime.now(UTC), profile, data, jobs, snapshot)


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


def promote(
    files: RetrainingFiles, settings: Settings, profile: Profile, jobs: dict[str, str]
) -> None:
    """Each job's artifact to where createEndpointModel takes it from.

    Raises InvalidArtifact for what would be refused there: nobody should wait for its endpoint.
    """
    versions = {m: job.removeprefix(f"{settings.prefix}-{m}-") for m, job in jobs.items()}
    bodies = {model: files.artifact(job) for model, job in jobs.items()}
    for model, body in bodies.items():
        artifact.verify(body, model, versions[model], profile)
    for model, body in bodies.items():
        files.promote(model, versions[model], body)


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
