"""Permissions of the functions that retrain, compare and promote."""

from chalicelib.foundation.settings import (
    ENDING_PREFIX,
    JOB_PREFIX,
    MANIFEST_PREFIX,
    MODEL_PREFIX,
    NEW_DATA_PREFIX,
    PROFILE_PREFIX,
    QUARANTINE_PREFIX,
    REPORT_PREFIX,
    SIGN_OFF_PREFIX,
    SNAPSHOT_PREFIX,
    TOLD_PREFIX,
)
from infrastructure.template.function_permissions.arns import Arns
from infrastructure.template.function_permissions.statement import Statement, allow, listing


def retraining(arns: Arns) -> dict[str, list[Statement]]:
    """Return the statements of each function."""
    # What was in service last.
    champions = listing(arns.models, f"{ENDING_PREFIX}*")
    promoting = [
        allow("s3:GetObject", f"{arns.data}/{JOB_PREFIX}/*"),
        allow("s3:PutObject", f"{arns.models}/{MODEL_PREFIX}*"),
        allow("sagemaker:DescribeEndpoint", arns.sagemaker("endpoint")),
    ]
    return {
        "watchTraining": [
            listing(arns.data, f"{JOB_PREFIX}/*", TOLD_PREFIX),
            allow("sagemaker:ListTrainingJobs", "*"),
            allow(
                "lambda:InvokeFunction",
                [arns.function("endpointChanged"), arns.function("trainingChanged")],
            ),
        ],
        "trainingChanged": [
            allow("sagemaker:DescribeTrainingJob", arns.sagemaker("training-job")),
            listing(arns.data, TOLD_PREFIX),
            allow("s3:PutObject", f"{arns.data}/{TOLD_PREFIX}*"),
            allow("sns:Publish", arns.topic),
        ],
        "watchDrift": [
            allow("dynamodb:Query", f"{arns.table}/index/byDay"),
            allow("sagemaker:DescribeEndpoint", arns.sagemaker("endpoint")),
            allow("s3:GetObject", f"{arns.models}/{MANIFEST_PREFIX}*"),
            allow("s3:ListBucket", arns.models),
            listing(arns.data, f"{REPORT_PREFIX}drift/*"),
            allow(["s3:GetObject", "s3:PutObject"], f"{arns.data}/{REPORT_PREFIX}drift/*"),
            allow("sns:Publish", arns.topic),
        ],
        "updateData": [
            listing(arns.data, f"{SNAPSHOT_PREFIX}*", NEW_DATA_PREFIX, QUARANTINE_PREFIX),
            allow("s3:GetObject", f"{arns.data}/{SNAPSHOT_PREFIX}*/manifest.json"),
            allow("s3:PutObject", f"{arns.data}/{PROFILE_PREFIX}*"),
            allow("dynamodb:Query", f"{arns.table}/index/byDay"),
            allow(
                ["states:ListExecutions", "states:StartExecution"],
                arns.machine("reentrenamiento"),
            ),
            allow("states:DescribeExecution", arns.executions("reentrenamiento")),
            allow("sagemaker:DescribeEndpoint", arns.sagemaker("endpoint")),
            champions,
            allow("lambda:InvokeFunction", arns.function("endpointChanged")),
            allow("sns:Publish", arns.topic),
        ],
        "openSnapshot": [allow("s3:GetObject", f"{arns.data}/{SNAPSHOT_PREFIX}*")],
        "evaluateModel": [
            allow("s3:GetObject", [f"{arns.data}/{REPORT_PREFIX}*", f"{arns.data}/{JOB_PREFIX}/*"]),
            allow("s3:PutObject", f"{arns.data}/{REPORT_PREFIX}*"),
            allow("s3:GetObject", arns.policies),
            # Without recent decisions there is no file of them: who may not list is told 403.
            allow("s3:ListBucket", arns.data),
        ],
        "promoteModel": [
            champions,
            *promoting,
            allow(
                ["sagemaker:DescribeModelPackageGroup", "sagemaker:CreateModelPackageGroup"],
                arns.sagemaker("model-package-group"),
            ),
            allow(
                "sagemaker:CreateModelPackage",
                [
                    arns.sagemaker("model-package"),
                    arns.sagemaker("model-package-group"),
                ],
            ),
            allow("s3:PutObject", f"{arns.data}/{SIGN_OFF_PREFIX}*/asked.json"),
        ],
        "packageApproved": [
            # And which versions were ever deployed: an approval may be told again.
            listing(arns.models, f"{ENDING_PREFIX}*", f"{MANIFEST_PREFIX}*"),
            *promoting,
            allow("sagemaker:DescribeModelPackage", arns.sagemaker("model-package")),
            listing(arns.data, f"{SIGN_OFF_PREFIX}*"),
            allow("s3:GetObject", f"{arns.data}/{SIGN_OFF_PREFIX}*"),
            allow("sns:Publish", arns.topic),
        ],
    }
