"""Permissions of the functions that tell others."""

from chalicelib.foundation.settings import BATCH_PREFIX, POLICY_ACT_PREFIX, REPORT_PREFIX
from infrastructure.template.function_permissions.arns import Arns
from infrastructure.template.function_permissions.function_names import DELIVERING, PUBLISHING
from infrastructure.template.function_permissions.statement import Statement, allow, listing


def events(arns: Arns) -> dict[str, list[Statement]]:
    """Return the statements of each function. Lambda reads their sources in their names."""
    source = {"StringEquals": {"events:source": arns.settings.event_source}}
    acts = f"{arns.data}/{POLICY_ACT_PREFIX}*"
    return {
        PUBLISHING: [
            allow(
                ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
                f"{arns.table}/stream/*",
            ),
            allow("dynamodb:ListStreams", "*"),  # AWS knows no resource of it
            allow("events:PutEvents", "arn:aws:events:*:*:event-bus/default")
            | {"Condition": source},
            allow("sqs:SendMessage", arns.calls),
            allow("ssm:GetParameter", arns.webhooks),
            listing(arns.data, f"{POLICY_ACT_PREFIX}*"),
            allow(
                "s3:GetObject",
                [
                    acts,
                    f"{arns.data}/{REPORT_PREFIX}*/report.json",
                    f"{arns.data}/{BATCH_PREFIX}*/summary.json",
                ],
            ),
        ],
        DELIVERING: [
            allow(
                [
                    "sqs:ChangeMessageVisibility",
                    "sqs:DeleteMessage",
                    "sqs:GetQueueAttributes",
                    "sqs:ReceiveMessage",
                ],
                arns.calls,
            ),
            allow("ssm:GetParameter", arns.webhooks),
        ],
    }
