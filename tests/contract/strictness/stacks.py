"""Stacks as CloudFormation describes them."""

from typing import Any

import boto3


def status(name: str) -> str:
    found = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return str(found[0]["StackStatus"])


def events(name: str) -> list[tuple[str, str]]:
    """Return the events of a stack, the oldest first: logical id and status."""
    found = boto3.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    return [(one["LogicalResourceId"], one["ResourceStatus"]) for one in reversed(found)]


def failure(name: str) -> str:
    """Return why the first resource failed of a stack that was rolled back."""
    found: list[Any] = boto3.client("cloudformation").describe_stack_events(StackName=name)[
        "StackEvents"
    ]
    assert status(name) == "ROLLBACK_COMPLETE", found
    return str(
        next(
            one["ResourceStatusReason"]
            for one in reversed(found)
            if one["ResourceStatus"] == "CREATE_FAILED"
        )
    )
