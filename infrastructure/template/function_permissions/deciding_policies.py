"""Permissions of the functions that decide."""

from chalicelib.foundation.settings import (
    ANCHOR_PREFIX,
    BATCH_PREFIX,
    ENDING_PREFIX,
    JOB_PREFIX,
    MANIFEST_PREFIX,
    MODEL_ACT_PREFIX,
    MODEL_PREFIX,
    POLICY_ACT_PREFIX,
    REFUSAL_PREFIX,
    REPORT_PREFIX,
    SIGN_OFF_PREFIX,
    SNAPSHOT_PREFIX,
    UPLOAD_PREFIX,
    VERIFIED_PREFIX,
)
from infrastructure.template.function_permissions.arns import Arns
from infrastructure.template.function_permissions.function_names import API, ERASING
from infrastructure.template.function_permissions.statement import Statement, allow, listing


def deciding(arns: Arns) -> dict[str, list[Statement]]:
    """Return the statements of each function."""
    in_force = [listing(arns.data, f"{POLICY_ACT_PREFIX}*"), allow("s3:GetObject", arns.policies)]
    # What was in service last.
    champions = listing(arns.models, f"{ENDING_PREFIX}*")
    models = {name: [allow("sagemaker:InvokeEndpoint", arn)] for name, arn in arns.scoring.items()}
    return models | {
        API: [
            allow(
                ["states:StartExecution", "states:StartSyncExecution"],
                arns.machine("analisisCredito"),
            ),
            allow(["dynamodb:GetItem", "dynamodb:PutItem"], [arns.table, arns.reviews]),
            allow(["dynamodb:ConditionCheckItem", "dynamodb:Query"], arns.table),
            allow("dynamodb:UpdateItem", arns.reviews),
            allow("sagemaker:DescribeEndpoint", arns.sagemaker("endpoint")),
            allow("sagemaker:InvokeEndpoint", list(arns.scoring.values())),
            allow("ssm:GetParameter", [arns.switch, arns.scopes, arns.sign_in]),
            allow("ssm:GetParameter", [arns.cursor_keys, arns.first_day]),  # of lists
            allow("s3:GetObject", f"{arns.models}/{MANIFEST_PREFIX}*"),
            # For a missing object, S3 answers 404 to a role that may list the bucket, else 403.
            allow("s3:ListBucket", arns.models),
            listing(arns.data, f"{REPORT_PREFIX}*", f"{SNAPSHOT_PREFIX}*", f"{POLICY_ACT_PREFIX}*"),
            allow("dynamodb:Query", [f"{arns.table}/index/byDay", f"{arns.reviews}/index/byDue"]),
            allow("s3:PutObject", arns.policies),
            allow(
                "s3:GetObject",
                [
                    *arns.policies,
                    f"{arns.data}/{REPORT_PREFIX}drift/*",
                    f"{arns.data}/{REPORT_PREFIX}*/report.json",
                    f"{arns.data}/{SNAPSHOT_PREFIX}*/vintages.json",
                ],
            ),
            allow("sagemaker:DescribeTrainingJob", arns.sagemaker("training-job")),
            allow("lambda:InvokeFunction", arns.function(ERASING)),
            *_of_batches(arns),
            *_of_sign_offs(arns),
            *_of_evidence(arns),
            *_of_models(arns),
        ],
        "saveResult": [
            allow("dynamodb:PutItem", [arns.table, arns.reviews]),
            # Before a case is opened: did an earlier execution decide?
            allow("dynamodb:GetItem", arns.table),
            allow("ssm:GetParameter", arns.switch),
            *in_force,
            # If no model answers: was any ever in service?
            champions,
            allow("sagemaker:DescribeEndpoint", arns.sagemaker("endpoint")),
        ],
        "keepWarm": [allow("sagemaker:InvokeEndpoint", list(arns.scoring.values()))],
    }


def _of_sign_offs(arns: Arns) -> list[Statement]:
    return [
        listing(arns.data, f"{SIGN_OFF_PREFIX}*"),
        allow("s3:GetObject", f"{arns.data}/{SIGN_OFF_PREFIX}*"),
        allow("s3:PutObject", f"{arns.data}/{SIGN_OFF_PREFIX}*/signed.json"),
        allow("sagemaker:UpdateModelPackage", arns.sagemaker("model-package")),
    ]


def _of_evidence(arns: Arns) -> list[Statement]:
    """Return what the API needs for the pack of a decision: the oldest version of an anchor."""
    versions = allow("s3:ListBucketVersions", arns.evidence)
    return [
        versions | {"Condition": {"StringLike": {"s3:prefix": [f"{ANCHOR_PREFIX}*"]}}},
        allow("s3:GetObjectVersion", f"{arns.evidence}/{ANCHOR_PREFIX}*"),
    ]


def _of_models(arns: Arns) -> list[Statement]:
    """Return what people's acts on models need: an upload, or a verified copy that comes again."""
    acts, trained = f"{arns.data}/{MODEL_ACT_PREFIX}*", f"{arns.data}/{JOB_PREFIX}/*/model.tar.gz"
    return [
        listing(arns.data, f"{MODEL_ACT_PREFIX}*", f"{JOB_PREFIX}/*"),
        allow("s3:GetObject", [acts, trained]),
        allow("s3:PutObject", [acts, f"{arns.models}/{MODEL_PREFIX}*/model.tar.gz"]),
        allow(
            "s3:GetObject",
            [f"{arns.models}/{VERIFIED_PREFIX}*", f"{arns.models}/{REFUSAL_PREFIX}*"],
        ),
    ]


def _of_batches(arns: Arns) -> list[Statement]:
    """Return what the API needs for batches. A presigned address may do what its signer may."""
    of_batches = f"{arns.data}/{BATCH_PREFIX}*"
    machine = arns.machine("lotesCredito")
    return [
        listing(arns.data, f"{BATCH_PREFIX}*", f"{UPLOAD_PREFIX}*"),
        allow("s3:GetObject", f"{of_batches}.json*"),
        allow("s3:PutObject", [f"{of_batches}/request.json", f"{arns.data}/{UPLOAD_PREFIX}*"]),
        allow(["states:StartExecution", "states:ListExecutions"], machine),
        allow("states:DescribeExecution", arns.executions("lotesCredito")),
    ]
