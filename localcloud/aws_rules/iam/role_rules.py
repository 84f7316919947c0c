"""Rules for the roles that services are given: each must let its service assume it.

Conditions of a trust policy are not evaluated here.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.iam.models import iam_backends

from localcloud.aws_rules.rule import DOCS, Parameters, Rule

_SAGEMAKER = f"{DOCS}/sagemaker/latest/APIReference"

Roles = Callable[[Parameters], Iterator[str | None]]


def _refusing(
    roles: Roles, words: str, *services: str
) -> Callable[[Parameters, Any], Iterator[str]]:
    """Return a rule's check. `words` may name the {role}; any of the services is enough."""

    def broken(parameters: Parameters, request: Any) -> Iterator[str]:
        principals = {
            f"{service.format(region=request.region)}.amazonaws.com" for service in services
        }
        for arn in roles(parameters):
            if arn and not principals & _trusted(arn, request.current_account):
                yield words.format(role=arn)

    return broken


def _trusted(arn: str, account: str) -> set[str]:
    """Return the services that may assume a role; none if there is no such role."""
    roles = iam_backends[account]["aws"].roles.values()
    role = next((one for one in list(roles) if one.arn == arn), None)
    document: Any = role.assume_role_policy_document if role else {}
    read = json.loads(document) if isinstance(document, str) else document
    return {
        service
        for statement in _listed(read.get("Statement", []))
        if statement.get("Effect") == "Allow"
        and "sts:AssumeRole" in _listed(statement.get("Action"))
        for service in _services(statement.get("Principal"))
    }


def _services(principal: Any) -> list[str]:
    return _listed(principal.get("Service", [])) if isinstance(principal, Mapping) else []


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _member(name: str) -> Roles:
    return lambda parameters: iter([parameters.get(name)])


def _of_targets(parameters: Parameters) -> Iterator[str | None]:
    return (target.get("RoleArn") for target in parameters.get("Targets") or [])


def _of_a_schedule(parameters: Parameters) -> Iterator[str | None]:
    return iter([(parameters.get("Target") or {}).get("RoleArn")])


_BY_SAGEMAKER = (
    "Could not assume role {role}. Please ensure that the role exists and allows principal "
    "'sagemaker.amazonaws.com' to assume the role."
)
_BY_EVENTBRIDGE = "Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'."

RULES: tuple[Rule, ...] = (
    Rule("role of a function", ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"),
         _refusing(_member("Role"),
                   "The role defined for the function cannot be assumed by Lambda.", "lambda"),
         f"{DOCS}/lambda/latest/dg/lambda-intro-execution-role.html",
         "InvalidParameterValueException"),
    Rule("role of a state machine",
         ("stepfunctions:CreateStateMachine", "stepfunctions:UpdateStateMachine"),
         _refusing(_member("roleArn"),
                   "Neither the global service principal states.amazonaws.com, nor the regional "
                   "one is authorized to assume the provided role.", "states", "states.{region}"),
         "https://github.com/lumigo-io/lumigo-CLI/issues/83", "AccessDeniedException"),
    Rule("role of an event rule", ("events:PutRule",),
         _refusing(_member("RoleArn"), _BY_EVENTBRIDGE, "events"),
         "https://github.com/Miserlou/Zappa/issues/381"),
    Rule("role of a rule's target", ("events:PutTargets",),
         _refusing(_of_targets, _BY_EVENTBRIDGE, "events"),
         f"{DOCS}/eventbridge/latest/userguide/eb-troubleshooting.html"),
    Rule("role of a schedule", ("scheduler:CreateSchedule", "scheduler:UpdateSchedule"),
         _refusing(_of_a_schedule, "The execution role you provide must allow AWS EventBridge "
                   "Scheduler to assume the role.", "scheduler"),
         f"{DOCS}/scheduler/latest/UserGuide/setting-up.html"),
    Rule("role of a job", ("sagemaker:CreateTrainingJob", "sagemaker:CreateProcessingJob"),
         _refusing(_member("RoleArn"), _BY_SAGEMAKER, "sagemaker"),
         f"{_SAGEMAKER}/API_CreateTrainingJob.html"),
    Rule("role of a model", ("sagemaker:CreateModel",),
         _refusing(_member("ExecutionRoleArn"), _BY_SAGEMAKER, "sagemaker"),
         f"{_SAGEMAKER}/API_CreateModel.html"),
)  # fmt: skip
