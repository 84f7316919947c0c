"""Adapter of SageMaker's model registry, which holds challengers until a person approves them."""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.models.containers import image_uri

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


class ModelPackages:
    """The registry, with a model package group for each model."""

    def __init__(self, client: "SageMakerClient", prefix: str, image: str) -> None:
        self._client = client
        self._prefix = prefix
        self._image = image

    def register(self, model: str, version: str, url: str, facts: Mapping[str, str]) -> str:
        """Register a challenger and return its package's ARN, the same for the same `facts`.

        `signed_off` returns the `facts`.
        """
        group = f"{self._prefix}-{model}"
        self._ensure(group)
        created = self._client.create_model_package(
            ModelPackageGroupName=group,
            ModelPackageDescription=f"{model} {version}",
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [
                    {
                        "Image": image_uri(self._image, self._client.meta.region_name),
                        "ModelDataUrl": url,
                    }
                ],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            CustomerMetadataProperties=dict(facts),
            ClientToken=_token(facts),
        )
        return created["ModelPackageArn"]

    def signed_off(self, arn: str) -> dict[str, str] | None:
        """Return the registered facts if the package is approved now; an event may be late."""
        package = self._client.describe_model_package(ModelPackageName=arn)
        if package.get("ModelApprovalStatus") != "Approved":
            return None
        return package.get("CustomerMetadataProperties")

    def decide(self, arn: str, verdict: str, description: str) -> None:
        """Set a package's status by a person's verdict; SageMaker then sends its event."""
        self._client.update_model_package(
            ModelPackageArn=arn,
            ModelApprovalStatus="Approved" if verdict == "APPROVE" else "Rejected",
            ApprovalDescription=description,
        )

    def _ensure(self, group: str) -> None:
        try:
            self._client.describe_model_package_group(ModelPackageGroupName=group)
        except ClientError as error:
            if "does not exist" not in error.response["Error"].get("Message", ""):
                raise
            self._client.create_model_package_group(ModelPackageGroupName=group)


def _token(facts: Mapping[str, str]) -> str:
    """Return a client token of these facts; SageMaker allows 36 characters."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
