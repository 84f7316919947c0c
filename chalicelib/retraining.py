"""updateData: train the models of the profile on the newest snapshot."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from chalicelib.containers import image_uri
from chalicelib.errors import NoSnapshot
from chalicelib.notifications import NotificationTopic
from chalicelib.profile import PROFILE_FILE, Profile, SageMaker
from chalicelib.settings import (
    JOB_PREFIX,
    MODEL_PREFIX,
    PROFILE_PREFIX,
    SNAPSHOT_PREFIX,
    SOURCE_KEY,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.literals import TrainingInstanceTypeType
    from mypy_boto3_sagemaker.type_defs import ChannelTypeDef, ResourceConfigTypeDef

METRICS = ("auc", "ks", "brier")


class DataBucket:
    """Snapshots, profiles, the training source and the jobs' output."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self.name = bucket

    def newest_snapshot(self) -> str:
        """The name of the latest one; names sort by time. Raises NoSnapshot."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=SNAPSHOT_PREFIX, Delimiter="/"
        )
        found = [part["Prefix"] for page in pages for part in page.get("CommonPrefixes", [])]
        if not found:
            raise NoSnapshot(
                f"There is no snapshot: put one under s3://{self.name}/{SNAPSHOT_PREFIX}<name>/."
            )
        return max(found).removeprefix(SNAPSHOT_PREFIX).rstrip("/")

    def keep_profile(self, path: Path) -> str:
        """The prefix under which training finds this very profile."""
        body = path.read_bytes()
        prefix = f"{PROFILE_PREFIX}{hashlib.sha256(body).hexdigest()[:16]}/"
        self._s3.put_object(Bucket=self.name, Key=f"{prefix}credit.toml", Body=body)
        return prefix

    def days_since_training(self, now: datetime) -> float:
        """Since the last artifact that a training job left; since 1970 if none ever did."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=f"{JOB_PREFIX}/"
        )
        ended = [
            found["LastModified"]
            for page in pages
            for found in page.get("Contents", [])
            if found["Key"].endswith("/model.tar.gz")
        ]
        return (now - max(ended, default=datetime.fromtimestamp(0, UTC))) / timedelta(days=1)

    def artifact_of(self, job: str) -> bytes:
        """What a training job left."""
        key = f"{JOB_PREFIX}/{job}/output/model.tar.gz"
        return self._s3.get_object(Bucket=self.name, Key=key)["Body"].read()

    def promote(self, job: str, model: str, version: str, model_bucket: str) -> None:
        """Copy a job's artifact to where createEndpointModel takes it from."""
        self._s3.copy_object(
            Bucket=model_bucket,
            Key=f"{MODEL_PREFIX}{model}/{version}/model.tar.gz",
            CopySource={"Bucket": self.name, "Key": f"{JOB_PREFIX}/{job}/output/model.tar.gz"},
        )


class TrainingJobs:
    def __init__(
        self,
        client: "SageMakerClient",
        prefix: str,
        role_arn: str,
        bucket: str,
        sagemaker: SageMaker,
        stage: str,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._role_arn = role_arn
        self._bucket = bucket
        self._sagemaker = sagemaker
        self._machine = sagemaker.machine(stage)

    def start(self, version: str, hyperparameters: dict[str, str], profile_prefix: str) -> str:
        """The job's name. To start the same version again is harmless."""
        model, snapshot = hyperparameters["model"], hyperparameters["snapshot"]
        name = f"{self._prefix}-{model}-{version}"
        script = {
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": f"s3://{self._bucket}/{SOURCE_KEY}",
        }
        try:
            self._client.create_training_job(
                TrainingJobName=name,
                RoleArn=self._role_arn,
                AlgorithmSpecification={
                    "TrainingImage": image_uri(
                        self._sagemaker.image, self._client.meta.region_name
                    ),
                    "TrainingInputMode": "File",
                    "MetricDefinitions": [
                        {"Name": metric, "Regex": rf"{metric}=([0-9.]+)"} for metric in METRICS
                    ],
                },
                # SageMaker's containers read every hyperparameter as JSON.
                HyperParameters={k: json.dumps(v) for k, v in (script | hyperparameters).items()},
                InputDataConfig=[
                    self._channel("training", f"{SNAPSHOT_PREFIX}{snapshot}/"),
                    self._channel("profile", profile_prefix),
                ],
                OutputDataConfig={"S3OutputPath": f"s3://{self._bucket}/{JOB_PREFIX}"},
                ResourceConfig=self._resources(),
                StoppingCondition={"MaxRuntimeInSeconds": self._machine.longest_seconds},
                EnableNetworkIsolation=self._sagemaker.network_isolation,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUse":
                raise
        return name

    def _resources(self) -> "ResourceConfigTypeDef":
        return {
            "InstanceType": cast("TrainingInstanceTypeType", self._machine.instance_type),
            "InstanceCount": 1,
            "VolumeSizeInGB": self._machine.volume_gb,
        }

    def _channel(self, name: str, key_prefix: str) -> "ChannelTypeDef":
        uri = f"s3://{self._bucket}/{key_prefix}"
        return {
            "ChannelName": name,
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
        }


def scheduled_at(event: Mapping[str, Any]) -> datetime:
    """When a schedule's event is from; an event sent by hand may leave its time out."""
    return datetime.fromisoformat(event["time"]) if "time" in event else datetime.now(UTC)


def start_training(
    at: datetime, profile: Profile, data: DataBucket, jobs: TrainingJobs, topic: NotificationTopic
) -> dict[str, str]:
    """The job of each model. The version is the time `at`: an event may come twice."""
    version = at.strftime("%Y%m%dT%H%M%S")
    try:
        snapshot = data.newest_snapshot()
    except NoSnapshot as reason:
        topic.publish("nothing new", version, str(reason))
        return {}
    profile_prefix = data.keep_profile(PROFILE_FILE)
    started = {
        model: jobs.start(
            version,
            {
                "model": model,
                "version": version,
                "schema": profile.schema(model),
                "snapshot": snapshot,
            },
            profile_prefix,
        )
        for model in profile.models
    }
    topic.publish("started", version, f"{snapshot}: {', '.join(started.values())}")
    return started
