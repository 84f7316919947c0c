"""Permissions of the functions that govern decisions."""

from chalicelib.foundation.settings import (
    ANCHOR_PREFIX,
    BATCH_PREFIX,
    ENDING_PREFIX,
    MANIFEST_PREFIX,
    MODEL_ACT_PREFIX,
    POLICY_ACT_PREFIX,
    POLICY_DOCUMENT_PREFIX,
    REFUSAL_PREFIX,
    REPORT_PREFIX,
    SIGN_OFF_PREFIX,
    SNAPSHOT_PREFIX,
)
from infrastructure.template.function_permissions.arns import Arns
from infrastructure.template.function_permissions.function_names import ERASING
from infrastructure.template.function_permissions.statement import Statement, allow, listing


def governing(arns: Arns) -> dict[str, list[Statement]]:
    """Return the statements of each function."""
    return {
        "anchorEvidence": [
            allow("dynamodb:Query", f"{arns.table}/index/byDay"),
            allow("dynamodb:GetItem", arns.table),
            listing(
                arns.data,
                f"{POLICY_DOCUMENT_PREFIX}*",
                f"{POLICY_ACT_PREFIX}*",
                f"{REPORT_PREFIX}*",
                f"{SIGN_OFF_PREFIX}*",
                f"{MODEL_ACT_PREFIX}*",
            ),
            listing(arns.models, f"{MANIFEST_PREFIX}*", f"{ENDING_PREFIX}*", f"{REFUSAL_PREFIX}*"),
            allow(
                "s3:GetObject",
                [
                    *arns.policies,
                    f"{arns.data}/{SIGN_OFF_PREFIX}*",
                    f"{arns.data}/{MODEL_ACT_PREFIX}*",
                    f"{arns.data}/{REPORT_PREFIX}*/report.json",
                    f"{arns.data}/{REPORT_PREFIX}drift/*",
                    f"{arns.models}/{MANIFEST_PREFIX}*",
                    f"{arns.models}/{ENDING_PREFIX}*",
                    f"{arns.models}/{REFUSAL_PREFIX}*",
                ],
            ),
            allow("s3:ListBucketVersions", arns.evidence),
            allow(["s3:GetObjectVersion", "s3:PutObject"], f"{arns.evidence}/{ANCHOR_PREFIX}*"),
        ],
        "watchReviews": [
            allow("dynamodb:Query", [arns.table, f"{arns.reviews}/index/byDue"]),
            allow("dynamodb:GetItem", arns.table),
            allow("dynamodb:UpdateItem", arns.reviews),
            allow("lambda:InvokeFunction", arns.function(ERASING)),
        ],
        # It alone deletes in the table; decisions stay append-only for all others.
        ERASING: [
            allow(["dynamodb:Query", "dynamodb:DeleteItem"], [arns.table, arns.reviews]),
            allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], arns.table),
            # Whose is what was stored while a client was erased?
            allow("dynamodb:Query", [f"{arns.table}/index/byDay", f"{arns.reviews}/index/byDue"]),
            allow("s3:ListBucketVersions", arns.data)
            | {
                "Condition": {
                    "StringLike": {
                        "s3:prefix": [REPORT_PREFIX, SNAPSHOT_PREFIX, f"{BATCH_PREFIX}*"]
                    }
                }
            },
            allow(
                "s3:DeleteObjectVersion",
                [
                    f"{arns.data}/{REPORT_PREFIX}*/decisions.jsonl",
                    f"{arns.data}/{SNAPSHOT_PREFIX}*/decisions.parquet",
                    f"{arns.data}/{BATCH_PREFIX}*.jsonl",
                ],
            ),
        ],
    }
