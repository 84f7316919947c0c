"""The steps of a bank's first models, from a snapshot to endpoints. Each may be repeated."""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3

from chalicelib.foundation.settings import SNAPSHOT_PREFIX, Settings
from chalicelib.models import artifact
from chalicelib.profile import Profile
from chalicelib.retraining.data_bucket import DataBucket
from chalicelib.retraining.retraining_files import RetrainingFiles
from infrastructure.first_models import causes
from infrastructure.first_models.first_trainings import TrainingJobs, start_all
from infrastructure.packing import training_source

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

PATIENCE_SECONDS = 3600
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 5.0  # seconds; an account may describe some 10 jobs a second
# From an upload to its endpoint: an event, a function and its two further tries.
MOST_SECONDS_WITHOUT_ENDPOINT = timedelta(minutes=8)
WAITING = "Waiting"  # for an endpoint that does not exist yet
ENDED = ("Completed", "Failed", "Stopped", "InService", "OutOfService")

Statuses = dict[str, str]


class TrainingFailed(Exception):
    """A job or an endpoint of the first models failed."""


@dataclass(frozen=True, slots=True)
class Described:
    """A job or an endpoint as SageMaker describes it."""

    status: str
    doing: str = ""
    reason: str = ""

    def __str__(self) -> str:
        doing = self.doing not in ("", self.status) and self.status == "InProgress"
        return f"{self.status}: {self.doing}" if doing else self.status


def put_sources(s3: "S3Client", settings: Settings, dataset: str, body: bytes) -> str:
    """Put the training source and the snapshot, and return the snapshot's name.

    The name begins with the time, so that the newest sorts last. The same bytes again are the
    existing snapshot.
    """
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
    """Start the training job of each model, or find the one that an earlier run started."""
    account = boto3.client("sts").get_caller_identity()["Account"]
    sagemaker, data = profile.sagemaker, DataBucket(boto3.client("s3"), settings.data_bucket)
    jobs = TrainingJobs(
        boto3.client("sagemaker"),
        settings.prefix,
        settings.role_arn("training", account),
        settings.data_bucket,
        sagemaker,
        settings.stage,
    )
    return start_all(datetime.now(UTC), profile, data, jobs, snapshot)


def scheduled_event(at: datetime) -> dict[str, Any]:
    """Return the event that EventBridge sends on a schedule."""
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
    """Yield the jobs' statuses by model until all have completed.

    Raises TrainingFailed with the cause if one fails.
    """

    def describe(job: str) -> Described:
        found = sagemaker.describe_training_job(TrainingJobName=job)
        return Described(
            found["TrainingJobStatus"],
            found.get("SecondaryStatus", ""),
            found.get("FailureReason", ""),
        )

    return _statuses(describe, jobs, causes.log_of_training)


def endpoint_statuses(
    sagemaker: "SageMakerClient", settings: Settings, models: list[str], since: datetime
) -> Iterator[Statuses]:
    """Yield the endpoints' statuses by model until all are in service.

    `since` is the time of the uploads. Raises TrainingFailed with the cause if an endpoint fails,
    or the function that makes it.
    """
    failed = causes.Causes(settings, since)

    def describe(name: str) -> Described:
        found = [
            endpoint["EndpointStatus"]
            for endpoint in sagemaker.list_endpoints(NameContains=name)["Endpoints"]
            if endpoint["EndpointName"] == name
        ]
        if "Failed" not in found:
            return Described(found[0] if found else WAITING)
        reason = sagemaker.describe_endpoint(EndpointName=name).get("FailureReason", "")
        return Described("Failed", "", reason)

    names = {model: f"{settings.prefix}-{model}" for model in models}
    for statuses in _statuses(describe, names, causes.log_of_endpoint):
        yield statuses
        if WAITING in statuses.values():
            _refuse_to_wait(failed, statuses, since)


def _refuse_to_wait(failed: causes.Causes, statuses: Statuses, since: datetime) -> None:
    """Raise TrainingFailed once a missing endpoint can no longer be created."""
    missing = ", ".join(model for model, status in statuses.items() if status == WAITING)
    found = failed.of_endpoints()
    for cause in found:
        if cause.lasting:
            raise TrainingFailed(f"The endpoint of {missing} was not created: {cause}")
    if datetime.now(UTC) - since > MOST_SECONDS_WITHOUT_ENDPOINT:
        told = f"{found[-1]}" if found else "createEndpointModel logged no fault"
        raise TrainingFailed(
            f"The endpoint of {missing} does not exist after {MOST_SECONDS_WITHOUT_ENDPOINT}, and "
            f"{told}. Does the model bucket's event reach it?"
        )


def promote(
    files: RetrainingFiles, settings: Settings, profile: Profile, jobs: dict[str, str]
) -> None:
    """Upload each job's artifact to the model bucket.

    Raises InvalidArtifact if createEndpointModel would refuse it: its endpoint would never come.
    """
    versions = {m: job.removeprefix(f"{settings.prefix}-{m}-") for m, job in jobs.items()}
    bodies = {model: files.artifact(job) for model, job in jobs.items()}
    for model, body in bodies.items():
        artifact.verify(body, model, versions[model], profile)
    for model, body in bodies.items():
        files.promote(model, versions[model], body)


def _statuses(
    describe: Callable[[str], Described], names: dict[str, str], log: Callable[[str], list[str]]
) -> Iterator[Statuses]:
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, SHORTEST_PAUSE
    while time.monotonic() < deadline:
        described = {model: describe(name) for model, name in names.items()}
        yield {model: str(one) for model, one in described.items()}
        for model, one in described.items():
            if one.status in ("Failed", "Stopped", "OutOfService"):
                raise TrainingFailed(_failure(model, names[model], one, log(names[model])))
        if all(one.status in ENDED for one in described.values()):
            return
        time.sleep(pause)
        pause = min(pause * 1.2, LONGEST_PAUSE)
    raise TrainingFailed(
        f"Still running after {PATIENCE_SECONDS} seconds: {', '.join(names.values())}"
    )


def _failure(model: str, name: str, described: Described, log: list[str]) -> str:
    """Return SageMaker's reason, with the log's last lines if the reason lacks them."""
    reason = described.reason or "SageMaker gives no reason."
    lines = [line for line in log if line not in reason]
    shown = "\n  ".join([f"The last lines of the log of {name}:", *lines]) if lines else ""
    return f"{model} ended as {described.status}: {reason}\n{shown}".rstrip()
