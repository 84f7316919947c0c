"""Errors of tasks by the names that Step Functions gives them, which are those of AWS's Java SDK.

An error that the service's model declares has its own name, any other that of the service:
https://github.com/aws/aws-step-functions-data-science-sdk-python/issues/15. A call without an
answer that the SDK can read is its own error, as Lambda.SdkClientException is:
https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html
"""

import uuid
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)

from localcloud.strictness.sdk_services import error_prefix, of_sdk
from localcloud.strictness.task_failures import task_failed

# The optimized integrations of our machines that call a service by a client.
PREFIXES = {"sagemaker": "SageMaker", "sns": "SNS"}


def with_request_ids(client: Any) -> Any:
    """Give each answer a request id, which moto's tasks quote; an early refusal has none."""
    client.meta.events.register("after-call", _identify)
    return client


def _identify(parsed: Any, **_: Any) -> None:
    if isinstance(parsed, dict):
        parsed.setdefault("ResponseMetadata", {}).setdefault("RequestId", str(uuid.uuid4()))


def undeclared_as(exception: str) -> Callable[[Any], Any]:
    """Replace moto's _error_cause_from_client_error of an optimized integration. `exception`: what
    Java's SDK raises for an error that the model does not declare.
    """

    def replace(original: Any) -> Any:
        def error_and_cause(client_error: ClientError) -> tuple[str, str]:
            error, cause = original(client_error)
            declared = type(client_error) is not ClientError
            return error if declared else f"{error.partition('.')[0]}.{exception}", cause

        return error_and_cause

    return replace


def service_error_name(_original: Any) -> Callable[[str], str]:
    """Replace moto's StateTaskServiceAwsSdk._normalise_service_error_name, which knows two."""
    return lambda service_name: error_prefix(of_sdk(service_name) or service_name)


def boto_service_name(original: Any) -> Any:
    """Replace moto's StateTaskServiceAwsSdk, which takes the SDK's name for botocore's."""

    def name(self: Any, boto_service_name: str | None = None) -> str:
        known = of_sdk(boto_service_name or self.resource.api_name)
        return known or str(original(self, boto_service_name))

    return name


def sdk_errors(original: Any) -> Any:
    """Replace moto's ExecutionState._from_error, where a lost answer is States.Runtime, which no
    machine can repeat.
    """

    def from_error(self: Any, env: Any, ex: Exception) -> Any:
        service = getattr(getattr(self, "resource", None), "service_name", "")
        if not isinstance(ex, BotoCoreError) or service not in PREFIXES:
            return original(self, env, ex)
        name = CustomErrorName(f"{PREFIXES[service]}.SdkClientException")
        return task_failed(self, env, str(ex), name)

    return from_error
