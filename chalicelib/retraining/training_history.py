"""Adapter of past training jobs: the lineage of a model, and the notice of a job's end."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.foundation.settings import STARTED_BY

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

    from chalicelib.foundation.notifications import NotificationTopic
    from chalicelib.retraining.data_bucket import DataBucket

ENDED = ("Completed", "Failed", "Stopped")
ABSENT = ("could not find", "resource not found")  # AWS and moto have no code for it


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    status: str
    metrics: dict[str, float]
    started_by: str  # the state machine that tells of it; empty if none does


class TrainingHistory:
    def __init__(self, client: "SageMakerClient", prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def of_version(self, model: str, version: str) -> Job | None:
        """Return the training job of a version; None if the version was uploaded by hand."""
        return self.find(f"{self._prefix}-{model}-{version}")

    def ended_since(self, at: datetime) -> list[str]:
        """Return the names of the bank's jobs that have ended and changed since then."""
        pages = self._client.get_paginator("list_training_jobs").paginate(
            NameContains=f"{self._prefix}-", LastModifiedTimeAfter=at
        )
        return [
            job["TrainingJobName"]
            for page in pages
            for job in page["TrainingJobSummaries"]
            if job["TrainingJobStatus"] in ENDED
            and job["TrainingJobName"].startswith(f"{self._prefix}-")
        ]

    def find(self, name: str) -> Job | None:
        try:
            found = self._client.describe_training_job(TrainingJobName=name)
        except ClientError as error:
            said = error.response["Error"].get("Message", "").lower()
            if not any(words in said for words in ABSENT):
                raise
            return None
        return Job(
            name,
            found["TrainingJobStatus"],
            {one["MetricName"]: one["Value"] for one in found.get("FinalMetricDataList", [])},
            found.get("Environment", {}).get(STARTED_BY, ""),
        )


def publish_ending(
    name: str, history: TrainingHistory, data: "DataBucket", topic: "NotificationTopic"
) -> None:
    """Publish once how a training job ended (trainingChanged), unless a state machine started it.

    SageMaker may send an event several times. The reason of a failure may quote the data, so the
    notice names only the command that shows it.
    """
    job = history.find(name)
    if job is None or job.started_by or job.status not in ENDED or name in data.trainings_told():
        return
    if job.status == "Completed":
        metrics = ", ".join(f"{metric} {value:.4f}" for metric, value in job.metrics.items())
        topic.publish("trained", name, metrics)
    else:
        hint = f"El motivo: aws sagemaker describe-training-job --training-job-name {name}"
        topic.publish("training failed", name, f"{job.status}. {hint}")
    data.training_told(name)
