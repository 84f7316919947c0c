"""The rules of AWS that no service model states, each with the page that states it: one module a
service, one row a rule.
"""

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
