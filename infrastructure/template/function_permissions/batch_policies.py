"""Permissions of the functions that decide a batch."""

from chalicelib.foundation.settings import BATCH_PREFIX, POLICY_ACT_PREFIX, UPLOAD_PREFIX
from infrastructure.template.function_permissions.arns import Arns
from infrastructure.template.function_permissions.statement import Statement, allow, listing


def batches(arns: Arns) -> dict[str, list[Statement]]:
    """Return the statements of each function."""
    of_batches, uploads = f"{arns.data}/{BATCH_PREFIX}*", f"{arns.data}/{UPLOAD_PREFIX}*"
    return {
        "indexBatch": [
            allow("s3:GetObject", [f"{of_batches}/request.json", uploads]),
            allow("s3:GetObjectVersion", uploads),
            allow("s3:PutObject", _named(of_batches, "chunks.json", "index.json", "summary.json")),
            listing(arns.data, f"{UPLOAD_PREFIX}*"),
            *_ending(arns),
        ],
        "decideChunk": [
            allow("s3:GetObject", _named(of_batches, "request.json", "index.json")),
            allow("s3:GetObjectVersion", uploads),
            allow("s3:PutObject", f"{of_batches}/results/*"),
            listing(arns.data, f"{BATCH_PREFIX}*", f"{POLICY_ACT_PREFIX}*"),
            allow("s3:GetObject", arns.policies),
            allow("sagemaker:InvokeEndpoint", list(arns.scoring.values())),
            allow("dynamodb:PutItem", [arns.table, arns.reviews]),
            allow("dynamodb:Query", arns.table),  # its erasures
            allow("ssm:GetParameter", arns.switch),
        ],
        "closeBatch": [
            allow("s3:GetObject", _named(of_batches, "request.json", "index.json", "results/*")),
            allow(
                "s3:PutObject",
                _named(of_batches, "decisions.jsonl", "refusals.jsonl", "summary.json"),
            ),
            listing(arns.data, f"{BATCH_PREFIX}*"),
            allow("dynamodb:Query", arns.table),  # its erasures
            *_ending(arns),
        ],
    }


def _named(of_batches: str, *names: str) -> list[str]:
    return [f"{of_batches}/{name}" for name in names]


def _ending(arns: Arns) -> list[Statement]:
    """Return what deletes all versions of what a caller sent."""
    versions = allow("s3:ListBucketVersions", arns.data)
    return [
        versions | {"Condition": {"StringLike": {"s3:prefix": [f"{UPLOAD_PREFIX}*"]}}},
        allow("s3:DeleteObjectVersion", f"{arns.data}/{UPLOAD_PREFIX}*"),
    ]
