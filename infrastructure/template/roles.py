"""Permissions of the roles of the state machines and of SageMaker.

function_policies.py declares the functions' permissions in the same way. resources.py writes these
roles into resources.yaml: make iam-policies.
"""

from chalicelib.foundation.settings import (
    BATCH_PREFIX,
    JOB_PREFIX,
    NEW_DATA_PREFIX,
    PROFILE_PREFIX,
    QUARANTINE_PREFIX,
    REPORT_PREFIX,
    SNAPSHOT_PREFIX,
    SOURCE_KEY,
    UPLOAD_PREFIX,
    VERIFIED_PREFIX,
    Settings,
)
from infrastructure.template.function_permissions.function_names import (
    BATCHES,
    MODELS,
    RETRAINING,
)
from infrastructure.template.function_permissions.statement import Statement, allow

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
    "dynamodb:ListStreams": "a list of all",
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
        # It turns a caller's Parquet into lines, and reaches nothing else.
        "conversion": [
            allow("s3:GetObject", [f"{data}/{UPLOAD_PREFIX}*", f"{data}/{SOURCE_KEY}"]),
            allow("s3:PutObject", f"{data}/{UPLOAD_PREFIX}*"),
            allow("s3:ListBucket", data),
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
            | condition("StringEquals", "iam:PassedToService", "sagemaker.amazonaws.com"),
            allow("sns:Publish", settings.topic_arn(account)),
            *_of_any_machine(),
        ],
        "lotesCredito": [
            allow("lambda:InvokeFunction", [lambdas + settings.function(name) for name in BATCHES]),
            allow("s3:GetObject", f"{data}/{BATCH_PREFIX}*/chunks.json"),
            # Each child of the distributed map is an execution of the machine itself:
            # https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
            allow("states:StartExecution", settings.batch_machine_arn(account)),
            allow(
                ["states:DescribeExecution", "states:StopExecution"],
                f"arn:aws:states:{place}:execution:{settings.prefix}-lotesCredito:*",
            ),
            _jobs("Processing", settings, place),
            allow(
                ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
                f"arn:aws:events:{place}:rule/StepFunctionsGetEventsForSageMakerProcessingJobsRule",
            ),
            allow("iam:PassRole", settings.role_arn("conversion", account))
            | condition("StringEquals", "iam:PassedToService", "sagemaker.amazonaws.com"),
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
        | condition("StringLike", "cloudwatch:namespace", "/aws/sagemaker/*"),
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


def condition(operator: str, key: str, value: str | list[str]) -> Statement:
    return {"Condition": {operator: {key: value}}}
