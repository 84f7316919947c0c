"""The environment of a SageMaker container: AWS's variables, and none of this process."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3

from localcloud.iam.authorization import as_operator
from localcloud.services.sagemaker.model_worker import TEMPORARY

_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AccessKeyId",
    "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
    "AWS_SESSION_TOKEN": "SessionToken",
}


# What AWS's scikit-learn image sets, by docker/1.4-2-py312/base/Dockerfile.cpu of
# https://github.com/aws/sagemaker-scikit-learn-container; each version since 0.20 has the same. The
# others that it sets configure AWS's own programs, which do not run here.
IMAGE = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONIOENCODING": "UTF-8",
    "PYTHONUNBUFFERED": "1",
}


def of_a_container(region: str, temporary: str) -> dict[str, str]:
    """Return the variables of any container: those of AWS's image, no home, and AWS_REGION.

    SageMaker sets AWS_REGION and not AWS_DEFAULT_REGION, which is what boto3 reads. The image names
    its temporary directory in TEMP (final/Dockerfile.cpu), where Python's tempfile looks as well.
    """
    python = Path(sys.executable).parent
    return {
        **IMAGE,
        "AWS_REGION": region,
        "PATH": f"{python}{os.pathsep}{os.defpath}",
        TEMPORARY: temporary,
    }


def serving(container: Mapping[str, Any], region: str) -> dict[str, str]:
    """Return the variables of a model's container: no credentials, as our models need none."""
    worker_sets_it = ""
    given = of_a_container(region, worker_sets_it)
    return {**given, **(container.get("Environment") or {})}


def credentials_of(role_arn: str, session: str, address: str) -> dict[str, str]:
    """Return the credentials of a job's role and of no other; `address` is this cloud's AWS."""
    with as_operator():
        assumed = boto3.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=session)
    given = assumed["Credentials"]
    return {
        **{name: given[part] for name, part in _CREDENTIALS.items()},  # type: ignore[literal-required]
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": address,
    }
