"""SageMaker's registry of models, where moto's answers are not whole."""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult

from localcloud.services.eventbridge.events import Events


def create_model_package(original: Any) -> Any:
    """Replace moto's action, which knows no ClientToken: the same one again is the same package."""

    def create(self: Any) -> Any:
        token = self._get_param("ClientToken")
        for package in self.sagemaker_backend.model_packages.values():
            if token and package.client_token == token:
                return ActionResult({"ModelPackageArn": package.arn})
        return original(self)

    return create


def update_model_package(events: Events) -> Callable[[Any], Any]:
    """Replace moto's action, which sends no event, and deletes properties that a request omits."""

    def replace(original: Any) -> Any:
        def update(self: Any) -> Any:
            arn = self._get_param("ModelPackageArn")
            package = self.sagemaker_backend.describe_model_package(arn)
            before = package.customer_metadata_properties
            answer = original(self)
            if self._get_param("CustomerMetadataProperties") is None:
                package.customer_metadata_properties = before
            events.report(
                "aws.sagemaker",
                "SageMaker Model Package State Change",
                {
                    "ModelPackageGroupName": package.model_package_group_name,
                    "ModelPackageVersion": package.model_package_version,
                    "ModelPackageArn": package.arn,
                    "ModelPackageStatus": package.model_package_status,
                    "ModelApprovalStatus": package.model_approval_status,
                },
            )
            return answer

        return update

    return replace
