"""Statements of IAM policies."""

from typing import Any

from chalicelib.foundation.settings import Settings

Statement = dict[str, Any]


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
