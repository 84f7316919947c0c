"""Start trainings by hand, with the SageMaker SDK, as updateData would.

python -m infrastructure.operate.launch --stage dev [--model Tradicional] [--wait]

The SDK resolves the region's container, and shows a job's log if asked. It stays on the operator's
machine, in an environment of its own (requirements-deploy.txt): 450 MB, and another pandas than
SageMaker's container has, which training is held to. It is version 3's core, as version 2 knows no
container after 1.4-2 and the whole of version 3 is 1 GB.
"""

import argparse
import json
import sys
from datetime import UTC, datetime

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from sagemaker.core import image_uris
from sagemaker.core.resources import TrainingJob
from sagemaker.core.shapes import (
    AlgorithmSpecification,
    Channel,
    DataSource,
    MetricDefinition,
    OutputDataConfig,
    ResourceConfig,
    S3DataSource,
    StoppingCondition,
)

from chalicelib import profile
from chalicelib.foundation.errors import AppVengersError
from chalicelib.foundation.settings import JOB_PREFIX, SNAPSHOT_PREFIX, SOURCE_KEY, STAGES, Settings
from chalicelib.retraining.data_bucket import DataBucket
from infrastructure import embedded
from infrastructure.first_models.first_trainings import METRICS
from infrastructure.packing.training_source import pack
from infrastructure.project import InvalidConfig, app_name


def image(sagemaker: profile.SageMaker, region: str, instance_type: str) -> str:
    """Return the SDK's address of `[sagemaker] image`, <repository>:<version>-cpu-py3."""
    version = sagemaker.image.partition(":")[2].removesuffix("-cpu-py3")
    return str(image_uris.retrieve("sklearn", region, version=version, instance_type=instance_type))


def start(session: boto3.Session, settings: Settings, model: str, version: str) -> TrainingJob:
    """Start a training on the newest snapshot, with this machine's source and profile."""
    bank, s3 = profile.load(), session.client("s3")
    data = DataBucket(s3, settings.data_bucket)
    snapshot, profile_prefix = data.newest_snapshot(), data.keep_profile(profile.PROFILE_FILE)
    s3.put_object(Bucket=data.name, Key=SOURCE_KEY, Body=pack())
    machine = bank.sagemaker.machine(settings.stage)
    bucket = f"s3://{data.name}"
    hyperparameters = {
        "model": model,
        "version": version,
        "schema": bank.schema(model),
        "snapshot": snapshot,
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": f"{bucket}/{SOURCE_KEY}",
    }
    return TrainingJob.create(
        training_job_name=f"{settings.prefix}-{model}-{version}",
        role_arn=settings.role_arn("training", _account(session)),
        algorithm_specification=AlgorithmSpecification(
            training_image=image(bank.sagemaker, settings.region, machine.instance_type),
            training_input_mode="File",
            metric_definitions=[
                MetricDefinition(name=name, regex=rf"{name}=([0-9.]+)") for name in METRICS
            ],
        ),
        # SageMaker's containers read every hyperparameter as JSON.
        hyper_parameters={name: json.dumps(value) for name, value in hyperparameters.items()},
        input_data_config=[
            _channel("training", f"{bucket}/{SNAPSHOT_PREFIX}{snapshot}/"),
            _channel("profile", f"{bucket}/{profile_prefix}"),
        ],
        output_data_config=OutputDataConfig(s3_output_path=f"{bucket}/{JOB_PREFIX}"),
        resource_config=ResourceConfig(
            instance_type=machine.instance_type,
            instance_count=1,
            volume_size_in_gb=machine.volume_gb,
        ),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=machine.longest_seconds),
        session=session,
        region=settings.region,
    )


def _channel(name: str, uri: str) -> Channel:
    source = S3DataSource(s3_data_type="S3Prefix", s3_uri=uri)
    return Channel(channel_name=name, data_source=DataSource(s3_data_source=source))


def _account(session: boto3.Session) -> str:
    return session.client("sts").get_caller_identity()["Account"]


def main() -> None:
    models = list(profile.load().models)
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    parser.add_argument("--model", choices=models, help="all by default")
    parser.add_argument("--wait", action="store_true", help="show each job's log until it ends")
    given = parser.parse_args()
    embedded.reach()
    version = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    try:
        session = boto3.Session()
        region = session.client("sagemaker").meta.region_name  # tells whether there is one
        settings = Settings(app_name(), given.stage, region)
        for model in [given.model] if given.model else models:
            job = start(session, settings, model, version)
            print(job.training_job_name, flush=True)
            if given.wait:
                job.wait(logs=True)
    except (AppVengersError, BotoCoreError, ClientError, InvalidConfig) as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
