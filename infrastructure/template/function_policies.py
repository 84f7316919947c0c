"""The one declaration of what each function may do; `.chalice/policy-*.json` is written from it.
roles.py is the same for what is no function.

make iam-policies
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalicelib.foundation.settings import (
    ANCHOR_PREFIX,
    ARRIVAL_PREFIX,
    ENDING_PREFIX,
    JOB_PREFIX,
    MANIFEST_PREFIX,
    MODEL_PREFIX,
    NEW_DATA_PREFIX,
    POLICY_ACT_PREFIX,
    POLICY_DOCUMENT_PREFIX,
    PROFILE_PREFIX,
    QUARANTINE_PREFIX,
    REPORT_PREFIX,
    SNAPSHOT_PREFIX,
    STAGES,
    TOLD_PREFIX,
    VERIFIED_PREFIX,
    Settings,
)
from infrastructure.project import ROOT, app_name

FOLDER = ROOT / ".chalice"
API = "api_handler"
MODELS = ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator")
# Their log groups and their alarm of throttles are in governance.yaml.
ERASING = "eraseClient"  # the API waits for it
GOVERNING = ("anchorEvidence", "watchReviews", ERASING)
ASYNCHRONOUS = (
    "updateData",
    "watchTraining",
    "trainingChanged",
    "watchDrift",
    "createEndpointModel",
    "endpointChanged",
    "packageApproved",
    "keepWarm",
    "anchorEvidence",
    "watchReviews",
)
RETRAINING = ("openSnapshot", "evaluateModel", "promoteModel")

Statement = dict[str, Any]


def statements(function: str, settings: Settings) -> list[Statement]:
    """Return a function's statements: named actions on named resources, in the deployment's region
    and account.
    """
    prefix, app, stage = settings.prefix, settings.app_name, settings.stage
    table = f"arn:aws:dynamodb:*:*:table/{settings.predictions_table}"
    reviews = f"arn:aws:dynamodb:*:*:table/{settings.reviews_table}"
    topic = f"arn:aws:sns:*:*:{prefix}-ReentrenamientoNotificaciones"
    models = f"arn:aws:s3:::{settings.model_bucket}"
    data = f"arn:aws:s3:::{settings.data_bucket}"
    evidence = f"arn:aws:s3:::{settings.evidence_bucket}"
    sagemaker = "arn:aws:sagemaker:*:*"
    states, retraining = "arn:aws:states:*:*", f"{prefix}-reentrenamiento"
    drift = f"{REPORT_PREFIX}drift/"
    switch = f"arn:aws:ssm:*:*:parameter{settings.review_only_parameter}"
    scopes = f"arn:aws:ssm:*:*:parameter{settings.key_scopes_parameter}"
    machine = f"arn:aws:states:*:*:stateMachine:{prefix}-analisisCredito"
    # SageMaker writes names in lower case in ARNs.
    scoring = {model: f"{sagemaker}:endpoint/{prefix}-{model.lower()}" for model in MODELS}
    converging = [
        allow("s3:ListBucket", models),
        allow("s3:PutObject", f"{models}/{ARRIVAL_PREFIX}*"),
        # AWS asks for both, the endpoint and the configuration that it gets.
        allow(
            ["sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint"],
            [f"{sagemaker}:endpoint/{prefix}-*", f"{sagemaker}:endpoint-config/{prefix}-*"],
        ),
        allow(
            ["sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint"],
            f"{sagemaker}:endpoint/{prefix}-*",
        ),
        allow(
            ["sagemaker:DescribeModel", "sagemaker:CreateModel"],
            f"{sagemaker}:model/{prefix}-*",
        ),
        allow(
            ["sagemaker:DescribeEndpointConfig", "sagemaker:CreateEndpointConfig"],
            f"{sagemaker}:endpoint-config/{prefix}-*",
        ),
        # A version that comes back may have these of before the capacity changed.
        allow("sagemaker:DeleteEndpointConfig", f"{sagemaker}:endpoint-config/{prefix}-*"),
        allow("sagemaker:DeleteModel", f"{sagemaker}:model/{prefix}-*"),
        allow("s3:PutObject", f"{models}/{ENDING_PREFIX}*"),
        pass_role(settings, "endpoints"),
        allow("sns:Publish", topic),
    ]
    policies = [f"{data}/{POLICY_DOCUMENT_PREFIX}*", f"{data}/{POLICY_ACT_PREFIX}*"]
    in_force = [listing(data, f"{POLICY_ACT_PREFIX}*"), allow("s3:GetObject", policies)]
    waiting = f"arn:aws:lambda:*:*:function:{settings.function('')}"
    # What was in service last.
    champions = listing(models, f"{ENDING_PREFIX}*")
    promoting = [
        allow("s3:GetObject", f"{data}/{JOB_PREFIX}/*"),
        allow("s3:PutObject", f"{models}/{MODEL_PREFIX}*"),
        allow("sagemaker:DescribeEndpoint", f"{sagemaker}:endpoint/{prefix}-*"),
    ]
    declared: dict[str, list[Statement]] = {
        API: [
            allow("states:StartSyncExecution", machine),
            allow(["dynamodb:GetItem", "dynamodb:PutItem"], [table, reviews]),
            allow(["dynamodb:ConditionCheckItem", "dynamodb:Query"], table),
            allow("dynamodb:UpdateItem", reviews),
            allow("sagemaker:DescribeEndpoint", f"{sagemaker}:endpoint/{prefix}-*"),
            allow("sagemaker:InvokeEndpoint", list(scoring.values())),
            allow("ssm:GetParameter", [switch, scopes]),
            allow("s3:GetObject", f"{models}/{MANIFEST_PREFIX}*"),
            # For a missing object, S3 answers 404 to a role that may list the bucket, else 403.
            allow("s3:ListBucket", models),
            listing(data, f"{REPORT_PREFIX}*", f"{SNAPSHOT_PREFIX}*", f"{POLICY_ACT_PREFIX}*"),
            allow("dynamodb:Query", [f"{table}/index/byDay", f"{reviews}/index/byDue"]),
            allow("s3:PutObject", policies),
            allow(
                "s3:GetObject",
                [
                    *policies,
                    f"{data}/{drift}*",
                    f"{data}/{REPORT_PREFIX}*/report.json",
                    f"{data}/{SNAPSHOT_PREFIX}*/vintages.json",
                ],
            ),
            allow("sagemaker:DescribeTrainingJob", f"{sagemaker}:training-job/{prefix}-*"),
            allow("lambda:InvokeFunction", f"{waiting}{ERASING}"),
        ],
        "saveResult": [
            allow("dynamodb:PutItem", [table, reviews]),
            allow("ssm:GetParameter", switch),
            *in_force,
            # If no model answers: was any ever in service?
            champions,
            allow("sagemaker:DescribeEndpoint", f"{sagemaker}:endpoint/{prefix}-*"),
        ],
        "watchTraining": [
            listing(data, f"{JOB_PREFIX}/*", TOLD_PREFIX),
            allow("sagemaker:ListTrainingJobs", "*"),
            allow(
                "lambda:InvokeFunction", [f"{waiting}endpointChanged", f"{waiting}trainingChanged"]
            ),
        ],
        "trainingChanged": [
            allow("sagemaker:DescribeTrainingJob", f"{sagemaker}:training-job/{prefix}-*"),
            listing(data, TOLD_PREFIX),
            allow("s3:PutObject", f"{data}/{TOLD_PREFIX}*"),
            allow("sns:Publish", topic),
        ],
        "watchDrift": [
            allow("dynamodb:Query", f"{table}/index/byDay"),
            allow("sagemaker:DescribeEndpoint", f"{sagemaker}:endpoint/{prefix}-*"),
            allow("s3:GetObject", f"{models}/{MANIFEST_PREFIX}*"),
            allow("s3:ListBucket", models),
            listing(data, f"{drift}*"),
            allow(["s3:GetObject", "s3:PutObject"], f"{data}/{drift}*"),
            allow("sns:Publish", topic),
        ],
        "updateData": [
            listing(data, f"{SNAPSHOT_PREFIX}*", NEW_DATA_PREFIX, QUARANTINE_PREFIX),
            allow("s3:GetObject", f"{data}/{SNAPSHOT_PREFIX}*/manifest.json"),
            allow("s3:PutObject", f"{data}/{PROFILE_PREFIX}*"),
            allow("dynamodb:Query", f"{table}/index/byDay"),
            allow(
                ["states:ListExecutions", "states:StartExecution"],
                f"{states}:stateMachine:{retraining}",
            ),
            allow("states:DescribeExecution", f"{states}:execution:{retraining}:*"),
            allow("sagemaker:DescribeEndpoint", f"{sagemaker}:endpoint/{prefix}-*"),
            champions,
            allow("lambda:InvokeFunction", f"{waiting}endpointChanged"),
            allow("sns:Publish", topic),
        ],
        "createEndpointModel": [
            allow("s3:GetObject", [f"{models}/{MODEL_PREFIX}*", f"{models}/{MANIFEST_PREFIX}*"]),
            allow("s3:PutObject", [f"{models}/{MANIFEST_PREFIX}*", f"{models}/{VERIFIED_PREFIX}*"]),
            *converging,
        ],
        "endpointChanged": converging,
        "keepWarm": [allow("sagemaker:InvokeEndpoint", list(scoring.values()))],
        "openSnapshot": [allow("s3:GetObject", f"{data}/{SNAPSHOT_PREFIX}*")],
        "evaluateModel": [
            allow("s3:GetObject", [f"{data}/{REPORT_PREFIX}*", f"{data}/{JOB_PREFIX}/*"]),
            allow("s3:PutObject", f"{data}/{REPORT_PREFIX}*"),
            allow("s3:GetObject", policies),
            # Without recent decisions there is no file of them: who may not list is told 403.
            allow("s3:ListBucket", data),
        ],
        "promoteModel": [
            champions,
            *promoting,
            allow(
                ["sagemaker:DescribeModelPackageGroup", "sagemaker:CreateModelPackageGroup"],
                f"{sagemaker}:model-package-group/{prefix}-*",
            ),
            allow(
                "sagemaker:CreateModelPackage",
                [
                    f"{sagemaker}:model-package/{prefix}-*",
                    f"{sagemaker}:model-package-group/{prefix}-*",
                ],
            ),
        ],
        "packageApproved": [
            # And which versions were ever deployed: an approval may be told again.
            listing(models, f"{ENDING_PREFIX}*", f"{MANIFEST_PREFIX}*"),
            *promoting,
            allow("sagemaker:DescribeModelPackage", f"{sagemaker}:model-package/{prefix}-*"),
            allow("sns:Publish", topic),
        ],
    }
    declared["anchorEvidence"] = [
        allow("dynamodb:Query", f"{table}/index/byDay"),
        allow("dynamodb:GetItem", table),
        listing(data, f"{POLICY_DOCUMENT_PREFIX}*", f"{POLICY_ACT_PREFIX}*", f"{REPORT_PREFIX}*"),
        listing(models, f"{MANIFEST_PREFIX}*", f"{ENDING_PREFIX}*"),
        allow(
            "s3:GetObject",
            [
                *policies,
                f"{data}/{REPORT_PREFIX}*/report.json",
                f"{data}/{drift}*",
                f"{models}/{MANIFEST_PREFIX}*",
                f"{models}/{ENDING_PREFIX}*",
            ],
        ),
        allow("s3:ListBucketVersions", evidence),
        allow(["s3:GetObjectVersion", "s3:PutObject"], f"{evidence}/{ANCHOR_PREFIX}*"),
    ]
    declared["watchReviews"] = [
        allow("dynamodb:Query", [table, f"{reviews}/index/byDue"]),
        allow("dynamodb:GetItem", table),
        allow("dynamodb:UpdateItem", reviews),
    ]
    # It alone deletes in the table; decisions stay append-only for all others.
    declared[ERASING] = [
        allow(["dynamodb:Query", "dynamodb:DeleteItem"], [table, reviews]),
        allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], table),
        allow("s3:ListBucketVersions", data)
        | {"Condition": {"StringLike": {"s3:prefix": [REPORT_PREFIX, SNAPSHOT_PREFIX]}}},
        allow(
            "s3:DeleteObjectVersion",
            [
                f"{data}/{REPORT_PREFIX}*/decisions.jsonl",
                f"{data}/{SNAPSHOT_PREFIX}*/decisions.parquet",
            ],
        ),
    ]
    for model, endpoint in scoring.items():
        declared[model] = [allow("sagemaker:InvokeEndpoint", endpoint)]
    for name in ASYNCHRONOUS:
        # Lambda puts an event that failed for good there in the function's name.
        declared[name].append(allow("sqs:SendMessage", f"arn:aws:sqs:*:*:{prefix}-failures"))
    logs = f"{app}-{stage}" if function == API else settings.function(function)
    return [
        *declared[function],
        allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            f"arn:aws:logs:*:*:log-group:/aws/lambda/{logs}:*",
        ),
        # X-Ray knows no resources: AWS allows these on * only.
        allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*"),
    ]


def files() -> Iterator[tuple[Path, str]]:
    """Yield each policy file of each stage with its content."""
    for stage in STAGES:
        settings = Settings(app_name(), stage, "any")
        for function in (API, *MODELS, "saveResult", *ASYNCHRONOUS, ERASING, *RETRAINING):
            name = f"policy-{stage}.json" if function == API else f"policy-{stage}-{function}.json"
            policy = {"Version": "2012-10-17", "Statement": statements(function, settings)}
            yield FOLDER / name, json.dumps(policy, indent=2) + "\n"


def listing(bucket: str, *prefixes: str) -> Statement:
    return allow("s3:ListBucket", bucket) | {
        "Condition": {"StringLike": {"s3:prefix": list(prefixes)}}
    }


def pass_role(settings: Settings, role: str) -> Statement:
    """Return a statement that allows to pass a role to SageMaker only."""
    return allow("iam:PassRole", f"arn:aws:iam::*:role/{settings.prefix}-{role}") | {
        "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    }


def allow(actions: str | list[str], resources: str | list[str]) -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}
