"""The rules of AWS that no service model states, each with the page that states it: one module a
service, one row a rule."""

from collections.abc import Iterable

from localcloud.aws_rules import (
    awslambda,
    cloudformation,
    cloudwatch,
    dynamodb,
    eventbridge,
    iam,
    s3,
    sagemaker,
    sagemaker_jobs,
    sns,
    ssm,
    stepfunctions,
)
from localcloud.aws_rules.rule import Rule

RULES: tuple[Rule, ...] = tuple(
    rule
    for service in (
        awslambda,
        cloudformation,
        cloudwatch,
        dynamodb,
        eventbridge,
        iam,
        s3,
        sagemaker,
        sagemaker_jobs,
        sns,
        ssm,
        stepfunctions,
    )
    for rule in service.RULES
)

_BY_REQUEST: dict[str, list[Rule]] = {}
for _rule in RULES:
    for _request in _rule.requests:
        _BY_REQUEST.setdefault(_request, []).append(_rule)


def of_request(request: str) -> Iterable[Rule]:
    """Return the rules for one `service:Operation`."""
    return _BY_REQUEST.get(request, ())
