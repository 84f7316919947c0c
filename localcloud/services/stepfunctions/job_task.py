"""The task states `sagemaker:createTrainingJob.sync` and `createProcessingJob.sync`, which moto
does not have.
"""

import json
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from localcloud.iam.authorization import Authorization
from localcloud.strictness.task_failures import task_failed

JOB_FAILED = StatesErrorName(StatesErrorNameType.StatesTaskFailed)
FINISHED = {"Completed", "Failed", "Stopped"}
KINDS = {"createTrainingJob": "Training", "createProcessingJob": "Processing"}


def with_sync(patterns: set[Any]) -> set[Any]:
    """Replace the patterns of moto's StateTaskServiceUnsupported."""
    return {*patterns, ResourceCondition.Sync}


def silent_on_sagemaker(original: Any) -> Any:
    """Replace moto's StateTaskServiceUnsupported: SageMaker's integration is supported here."""

    def warn(self: Any) -> None:
        if self.resource.service_name != "sagemaker":
            original(self)

    return warn


def job_resolver(authorization: Authorization) -> Callable[[Any], Any]:
    """Replace moto's StateTaskServiceUnsupported: a `.sync` task waits for its job.

    The resolver that this returns is called again until it answers.
    """

    def replace(original: Any) -> Any:
        return _waiting(authorization, original)

    return replace


def _waiting(authorization: Authorization, original: Any) -> Any:
    def build_sync_resolver(
        self: Any,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> Callable[[], Any]:
        kind = KINDS.get(self.resource.api_action)
        if kind is None:
            return original(  # type: ignore[no-any-return]
                self, env, resource_runtime_part, normalised_parameters, state_credentials
            )
        env.stack.pop()
        sagemaker = boto3.client("sagemaker", region_name=resource_runtime_part.region)
        name = {f"{kind}JobName": normalised_parameters[f"{kind}JobName"]}
        _note(authorization, kind, resource_runtime_part.region, name[f"{kind}JobName"])
        describe = getattr(sagemaker, f"describe_{kind.lower()}_job")

        def resolve() -> dict[str, Any] | None:
            job: dict[str, Any] = dict(describe(**name))
            del job["ResponseMetadata"]
            status = job[f"{kind}JobStatus"]
            if status not in FINISHED:
                return None
            plain: dict[str, Any] = json.loads(to_json_str(job))
            if status != "Completed":
                raise FailureEventException(task_failed(self, env, to_json_str(job), JOB_FAILED))
            return plain

        return resolve

    return build_sync_resolver


def _note(authorization: Authorization, kind: str, region: str, name: str) -> None:
    """Record what Step Functions itself does under the machine's role, by its documentation: it
    tags the job, learns of its end by a rule of its own, and stops it with the execution.
    """
    place = f"{region}:{authorization.account}"
    rule = f"StepFunctionsGetEventsForSageMaker{kind}JobsRule"
    for action in ("PutRule", "PutTargets", "DescribeRule"):
        authorization.note(f"events:{action}", f"arn:aws:events:{place}:rule/{rule}")
    job = f"arn:aws:sagemaker:{place}:{kind.lower()}-job/{name.lower()}"
    for action in (f"Stop{kind}Job", "AddTags", "ListTags"):
        authorization.note(f"sagemaker:{action}", job)


def errors_of_the_service(original: Any) -> Any:
    """Replace moto's StateTaskServiceUnsupported.

    The error is `SageMaker.<code>` where the call itself fails.
    """

    def from_error(self: Any, env: Any, ex: Exception) -> Any:
        if not isinstance(ex, ClientError) or self.resource.service_name != "sagemaker":
            return original(self, env, ex)
        error = ex.response["Error"]
        return task_failed(self, env, error["Message"], error_name(error["Code"]))

    return from_error


# What SageMaker's model declares; any other is the exception that they have in common.
DECLARED = ("ConflictException", "ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound")


def error_name(code: str) -> CustomErrorName:
    """Name an error as Step Functions does, by the exception of AWS's Java SDK.

    ResourceLimitExceeded is SageMaker.ResourceLimitExceededException in executions, a refused
    parameter or permission SageMaker.AmazonSageMakerException.
    """
    if code not in DECLARED:
        return CustomErrorName("SageMaker.AmazonSageMakerException")
    return CustomErrorName(f"SageMaker.{code.removesuffix('Exception')}Exception")
