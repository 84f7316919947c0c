"""Permissions that Step Functions uses under a machine's role, by its documentation."""

from localcloud.iam.authorization import Authorization

LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
TRACING = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
)


def note_machine(authorization: Authorization) -> None:
    """Record the log delivery and the tracing of an execution."""
    for action in LOG_DELIVERY + TRACING:
        authorization.note(action, "*")
