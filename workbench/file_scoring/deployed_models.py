"""The artifacts of the models that answer now: from the endpoints' names to the model bucket."""

import os
from pathlib import Path

import boto3

from chalicelib.foundation.settings import VERIFIED_PREFIX, Settings
from chalicelib.profile import Profile
from infrastructure.project import app_name


class NothingLive(Exception):
    """A model of the profile has no endpoint."""


def settings(stage: str) -> Settings:
    return Settings(app_name(), stage, os.environ.get("AWS_DEFAULT_REGION", "us-east-1"))


def versions(stage: str, deployed: Profile) -> dict[str, str]:
    """Return the deployed version of each model. Raises NothingLive."""
    client, prefix = boto3.client("sagemaker"), settings(stage).prefix
    version_of = {}
    for model in deployed.models:
        name = f"{prefix}-{model}"
        endpoints = client.list_endpoints(NameContains=name)["Endpoints"]
        if name not in {endpoint["EndpointName"] for endpoint in endpoints}:
            raise NothingLive(
                f"{name} is no endpoint: deploy first, name artifacts, or on the embedded cloud "
                'eval "$(.venv/bin/python -m bank env)"'
            )
        config = client.describe_endpoint(EndpointName=name)["EndpointConfigName"]
        version_of[model] = config.removeprefix(f"{name}-")
    return version_of


def download(stage: str, deployed: Profile, into: Path) -> tuple[Path, ...]:
    """Download the model.tar.gz of each model of the profile. Raises NothingLive."""
    s3, bucket = boto3.client("s3"), settings(stage).model_bucket
    paths = []
    for model, version in versions(stage, deployed).items():
        path = into / f"{model}.tar.gz"
        s3.download_file(bucket, f"{VERIFIED_PREFIX}{model}/{version}/model.tar.gz", str(path))
        paths.append(path)
    return tuple(paths)
