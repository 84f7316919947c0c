"""Generated parts of the templates: roles, log groups, and the alarms of alarms.py.

make iam-policies
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from chalicelib.people.access import Role
from infrastructure.template import alarms, stack_template
from infrastructure.template.function_permissions.function_names import (
    API,
    FUNCTIONS,
    GOVERNING,
    MODELS,
)
from infrastructure.template.function_permissions.statement import Statement
from infrastructure.template.roles import SETTINGS, condition, statements

BEGIN = "  # Written by make iam-policies from roles.py, until the next such line: do not edit.\n"
END = "  # Written until here.\n"
LOG_DAYS = 90


def templates() -> Iterator[tuple[Path, str]]:
    """Yield the path of each template with its content."""
    generated = {stack_template.RESOURCES: _resources(), stack_template.GOVERNANCE: _governance()}
    for name, resources in generated.items():
        path = stack_template.path(name)
        before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        form: dict[str, Any] = {"sort_keys": False, "default_flow_style": None, "width": 1000}
        written = yaml.safe_dump(resources, **form)
        indented = "".join(f"  {line}" for line in written.splitlines(keepends=True))
        yield path, before + BEGIN + indented + END + after


def _governance() -> dict[str, Any]:
    """Return what governance.yaml has of each function that governs decisions, and of batches."""
    resources = {_logical(name) + "Logs": _function_logs(name) for name in GOVERNING}
    declared = statements(SETTINGS, "${AWS::AccountId}")
    resources |= {
        "ConversionRole": _role(
            "conversion", "sagemaker", "Reads callers' Parquet.", declared["conversion"]
        ),
        "BatchMachineRole": _role(
            "lotesCredito", "states", "The state machine.", declared["lotesCredito"]
        ),
        "BatchLogs": _log_group(f"/aws/vendedlogs/states/{SETTINGS.prefix}-lotesCredito"),
    }
    written = alarms.governing(SETTINGS)
    return resources | {name: _substituted(alarm) for name, alarm in written.items()}


def _resources() -> dict[str, Any]:
    declared = statements(SETTINGS, "${AWS::AccountId}")
    resources = {
        "TrainingRole": _role("training", "sagemaker", "Training jobs.", declared["training"]),
        "ProcessingRole": _role(
            "processing", "sagemaker", "Processing jobs.", declared["processing"]
        ),
        "TransformRole": _role(
            "transform", "sagemaker", "Batch transform jobs.", declared["transform"]
        ),
        "EndpointsRole": _role("endpoints", "sagemaker", "Endpoints.", declared["endpoints"]),
        "AnalysisMachineRole": _role(
            "analisisCredito", "states", "The state machine.", declared["analisisCredito"]
        ),
        "RetrainingMachineRole": _role(
            "reentrenamiento", "states", "The state machine.", declared["reentrenamiento"]
        ),
        "AnalysisLogs": _log_group(f"/aws/vendedlogs/states/{SETTINGS.prefix}-analisisCredito"),
        "RetrainingLogs": _log_group(f"/aws/vendedlogs/states/{SETTINGS.prefix}-reentrenamiento"),
    }
    for name in (API, *FUNCTIONS):
        if name not in GOVERNING:
            resources[_logical(name) + "Logs"] = _function_logs(name)
    for name in MODELS:
        group = f"/aws/sagemaker/Endpoints/{SETTINGS.prefix}-{name}"
        resources[_logical(name) + "EndpointLogs"] = _log_group(group)
    resources |= {f"{_logical(role)}Group": _group(role) for role in Role}
    written = alarms.resources(SETTINGS)
    return resources | {name: _substituted(alarm) for name, alarm in written.items()}


def _role(name: str, service: str, description: str, declared: list[Statement]) -> dict[str, Any]:
    account = condition("StringEquals", "aws:SourceAccount", "${AWS::AccountId}")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
        # SageMaker does not always tell for whom it assumes a role.
        **(account if service == "states" else {}),
    }
    policy = {"PolicyName": name, "PolicyDocument": _document(declared)}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": _substituted(
            {
                "RoleName": f"{SETTINGS.prefix}-{name}",
                "Description": description,
                "AssumeRolePolicyDocument": _document([trust]),
                "Policies": [policy],
                "Tags": [
                    {"Key": "project", "Value": SETTINGS.app_name},
                    {"Key": "stage", "Value": SETTINGS.stage},
                ],
            }
        ),
    }


def _group(role: Role) -> dict[str, Any]:
    properties = {"GroupName": str(role), "UserPoolId": {"Ref": "People"}}
    return {"Type": "AWS::Cognito::UserPoolGroup", "Properties": properties}


def _function_logs(name: str) -> dict[str, Any]:
    """Return the log group of a function. Chalice makes another for its API handler, under a name
    that Lambda never writes to.
    """
    handler = f"{SETTINGS.app_name}-{SETTINGS.stage}"
    return _log_group(f"/aws/lambda/{handler if name == API else SETTINGS.function(name)}")


def _log_group(name: str) -> dict[str, Any]:
    """Return a log group that is retained.

    Lambda and SageMaker create a deleted group again, and CloudFormation can import an existing
    group only if it is retained. `make destroy` deletes it.
    """
    return {
        "Type": "AWS::Logs::LogGroup",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": _substituted({"LogGroupName": name, "RetentionInDays": LOG_DAYS}),
    }


def _substituted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _substituted(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_substituted(part) for part in value]
    if isinstance(value, str) and "${" in value:
        return {"Fn::Sub": value}
    return value


def _document(declared: list[Statement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": declared}


def _logical(name: str) -> str:
    return "Api" if name == API else name[0].upper() + name[1:]
