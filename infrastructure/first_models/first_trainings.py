"""Training jobs of a bank's first models; later ones are started by reentrenamiento."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from chalicelib.foundation.settings import JOB_PREFIX, SNAPSHOT_PREFIX, SOURCE_KEY
from chalicelib.models.containers import image_uri
from chalicelib.profile import PROFILE_FILE, Profile, SageMaker
from chalicelib.retraining.data_bucket import DataBucket

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.literals import TrainingInstanceTypeType
    from mypy_boto3_sagemaker.type_defs import ChannelTypeDef, ResourceConfigTypeDef

METRICS = ("auc", "ks", "brier")


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
        """Start a job and return its name. Safe to repeat for the same version."""
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
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUse":
                raise
        return name

    def running(self, model: str, snapshot: str) -> str:
        """Return the job that trains this model on this snapshot now; empty if none does."""
        pages = self._client.get_paginator("list_training_jobs").paginate(
            NameContains=f"{self._prefix}-{model}-", StatusEquals="InProgress"
        )
        names = [one["TrainingJobName"] for page in pages for one in page["TrainingJobSummaries"]]
        for name in names:
            found = self._client.describe_training_job(TrainingJobName=name)["HyperParameters"]
            if json.loads(found["snapshot"]) == snapshot:
                return name
        return ""

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


def start_all(
    at: datetime, profile: Profile, data: DataBucket, jobs: TrainingJobs, snapshot: str
) -> dict[str, str]:
    """Start the job of each model.

    The version is the time `at`; a job that runs is not started again.
    """
    version = at.strftime("%Y%m%dT%H%M%S")
    profile_prefix = data.keep_profile(PROFILE_FILE)
    return {
        model: jobs.running(model, snapshot)
        or jobs.start(
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
