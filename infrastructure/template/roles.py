"""The roles of the state machine and of SageMaker, log groups and some alarms, declared as
policies.py declares the functions' permissions; that part of resources.yaml is written from here.

make policies
"""

from pathlib import Path
from typing import Any

import yaml

from chalicelib.settings import (
    BATCH_PREFIX,
    JOB_PREFIX,
    NEW_DATA_PREFIX,
    PROFILE_PREFIX,
    QUARANTINE_PREFIX,
    REPORT_PREFIX,
    SNAPSHOT_PREFIX,
    SOURCE_KEY,
    VERIFIED_PREFIX,
    Settings,
)
from infrastructure.project import ROOT
from infrastructure.template import alarms
from infrastructure.template.policies import API, ASYNCHRONOUS, MODELS, RETRAINING, Statement, allow

TEMPLATE = ROOT / "infrastructure" / "template" / "resources.yaml"
BEGIN = "  # Written by make policies from roles.py, until the next such line: do not edit.\n"
END = "  # Written until here.\n"
LOG_DAYS = 90
FUNCTIONS = (*MODELS, "saveResult", *ASYNCHRONOUS, *RETRAINING)

# AWS knows no resource for these: it allows them on * or not at all.
ONLY_ON_EVERYTHING = {
    "xray:PutTraceSegments": "a trace belongs to the account",
    "xray:PutTelemetryRecords": "a trace belongs to the account",
    "xray:GetSamplingRules": "sampling is the account's",
    "xray:GetSamplingTargets": "sampling is the account's",
    "logs:CreateLogDelivery": "a delivery has no ARN before it exists, and gets none after",
    "logs:GetLogDelivery": "the same",
    "logs:UpdateLogDelivery": "the same",
    "logs:DeleteLogDelivery": "the same",
    "logs:ListLogDeliveries": "the same",
    "logs:PutResourcePolicy": "such policies are the account's",
    "logs:DescribeResourcePolicies": "such policies are the account's",
    "logs:DescribeLogGroups": "a list of all",
    "ecr:GetAuthorizationToken": "one token for all registries",
    "sagemaker:ListTrainingJobs": "a list of all",
    "cloudwatch:PutMetricData": "a metric has no ARN; the condition names its namespace",
}

SETTINGS = Settings("${AppName}", "${Stage}", "${AWS::Region}")


def statements(settings: Settings, account: str) -> dict[str, list[Statement]]:
    """Return the statements of each role that is not a function's."""
    place = f"{settings.region}:{account}"
    logs = f"arn:aws:logs:{place}:log-group"
    data, models = f"arn:aws:s3:::{settings.data_bucket}", f"arn:aws:s3:::{settings.model_bucket}"
    lambdas = f"arn:aws:lambda:{place}:function:"
    table = f"arn:aws:dynamodb:{place}:table/{settings.predictions_table}"
    return {
        "training": [
            allow(
                "s3:GetObject",
                [f"{data}/{SNAPSHOT_PREFIX}*", f"{data}/{PROFILE_PREFIX}*", f"{data}/{SOURCE_KEY}"],
            ),
            allow("s3:PutObject", f"{data}/{JOB_PREFIX}/*"),
            allow("s3:ListBucket", data),
            *_container(settings, [f"{logs}:/aws/sagemaker/TrainingJobs"]),
        ],
        # They make a snapshot, and compare a challenger with the model that answers now.
        "processing": [
            allow(
                "s3:GetObject",
                [
                    f"{data}/{SNAPSHOT_PREFIX}*",
                    f"{data}/{NEW_DATA_PREFIX}*",
                    f"{data}/{QUARANTINE_PREFIX}*",
                    f"{data}/{PROFILE_PREFIX}*",
                    f"{data}/{SOURCE_KEY}",
                    f"{data}/{JOB_PREFIX}/*",
                    f"{models}/{VERIFIED_PREFIX}*",
                ],
            ),
            allow("s3:PutObject", [f"{data}/{REPORT_PREFIX}*", f"{data}/{SNAPSHOT_PREFIX}*"]),
            allow("s3:ListBucket", [data, models]),
            # The outcomes that came in files are stored as those that came by the API.
            allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan"], table),
            allow("dynamodb:Query", [table, f"{table}/index/byDay"]),
            *_container(settings, [f"{logs}:/aws/sagemaker/ProcessingJobs"]),
        ],
        # It scores files of applications with a model that is deployed.
        "transform": [
            allow("s3:GetObject", [f"{data}/{BATCH_PREFIX}*", f"{models}/{VERIFIED_PREFIX}*"]),
            allow("s3:PutObject", f"{data}/{BATCH_PREFIX}*"),
            allow("s3:ListBucket", data),
            *_container(settings, [f"{logs}:/aws/sagemaker/TransformJobs"]),
        ],
        # What answers applications reaches neither the data nor the jobs.
        "endpoints": [
            allow("s3:GetObject", f"{models}/{VERIFIED_PREFIX}*"),
            *_container(settings, [f"{logs}:/aws/sagemaker/Endpoints/{settings.prefix}-*"]),
            # While a canary bakes: does one of its alarms ring?
            allow(
                "cloudwatch:DescribeAlarms",
                f"arn:aws:cloudwatch:{place}:alarm:{settings.prefix}-model-*",
            ),
        ],
        "analisisCredito": [
            allow(
                "lambda:InvokeFunction",
                [lambdas + settings.function(name) for name in (*MODELS, "saveResult")],
            ),
            *_of_any_machine(),
        ],
        "reentrenamiento": [
            allow(
                "lambda:InvokeFunction",
                [lambdas + settings.function(name) for name in RETRAINING],
            ),
            *(_jobs(kind, settings, place) for kind in ("Training", "Processing")),
            # Step Functions has a rule of its own that tells it when a job ends.
            allow(
                ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
                [
                    f"arn:aws:events:{place}:rule/StepFunctionsGetEventsForSageMaker{kind}JobsRule"
                    for kind in ("Training", "Processing")
                ],
            ),
            allow(
                "iam:PassRole",
                [settings.role_arn(name, account) for name in ("training", "processing")],
            )
            | _if("StringEquals", "iam:PassedToService", "sagemaker.amazonaws.com"),
            allow("sns:Publish", settings.topic_arn(account)),
            *_of_any_machine(),
        ],
    }


def _container(settings: Settings, groups: list[str]) -> list[Statement]:
    """Return the statements of any container: pull its image, write its log, publish metrics."""
    return [
        # SageMaker looks for its groups, and makes them in an account that has none. Denials name
        # the group with and without `:*`: a job without these has no log, and still succeeds.
        allow(
            ["logs:CreateLogGroup", "logs:DescribeLogStreams"],
            [*groups, *(f"{group}:*" for group in groups if not group.endswith("*"))],
        ),
        allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [f"{group}:log-stream:*" for group in groups],
        ),
        allow("ecr:GetAuthorizationToken", "*"),
        # The account is AWS's own, another one in each region.
        allow(
            ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
            f"arn:aws:ecr:{settings.region}:*:repository/sagemaker-scikit-learn",
        ),
        allow("cloudwatch:PutMetricData", "*")
        | _if("StringLike", "cloudwatch:namespace", "/aws/sagemaker/*"),
    ]


def _jobs(kind: str, settings: Settings, place: str) -> Statement:
    verbs = [f"sagemaker:{verb}{kind}Job" for verb in ("Create", "Describe", "Stop")]
    jobs = f"arn:aws:sagemaker:{place}:{kind.lower()}-job/{settings.prefix}-*"
    return allow([*verbs, "sagemaker:AddTags", "sagemaker:ListTags"], jobs)


def _of_any_machine() -> list[Statement]:
    return [
        allow([a for a in ONLY_ON_EVERYTHING if "Log" in a or "ResourcePol" in a], "*"),
        allow([a for a in ONLY_ON_EVERYTHING if a.startswith("xray:")], "*"),
    ]


def template() -> tuple[Path, str]:
    """Return the path of resources.yaml and its content."""
    text = TEMPLATE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    written = yaml.safe_dump(_resources(), sort_keys=False, default_flow_style=None, width=1000)
    indented = "".join(f"  {line}" for line in written.splitlines(keepends=True))
    return TEMPLATE, before + BEGIN + indented + END + after


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
        # Chalice makes one for its API handler under a name that Lambda never writes to.
        function = f"{SETTINGS.app_name}-{SETTINGS.stage}"
        function = function if name == API else SETTINGS.function(name)
        resources[_logical(name) + "Logs"] = _log_group(f"/aws/lambda/{function}")
    for name in MODELS:
        group = f"/aws/sagemaker/Endpoints/{SETTINGS.prefix}-{name}"
        resources[_logical(name) + "EndpointLogs"] = _log_group(group)
    written = alarms.resources(SETTINGS)
    return resources | {name: _substituted(alarm) for name, alarm in written.items()}


def _role(name: str, service: str, description: str, declared: list[Statement]) -> dict[str, Any]:
    account = _if("StringEquals", "aws:SourceAccount", "${AWS::AccountId}")
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


def _if(operator: str, key: str, value: str | list[str]) -> Statement:
    return {"Condition": {operator: {key: value}}}


def _logical(name: str) -> str:
    return "Api" if name == API else name[0].upper() + name[1:]
