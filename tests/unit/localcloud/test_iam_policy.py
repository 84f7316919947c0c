"""What a policy allows, by IAM's rules."""

import json

import pytest

from chalicelib.foundation.settings import Settings
from infrastructure.template import roles
from localcloud.iam.iam_policy import Call, PolicyNotUnderstood, allows, parse, trusts

TABLE = "arn:aws:dynamodb:us-east-1:1:table/decisions"


def allowed(*statements: dict, action="dynamodb:PutItem", resource=TABLE, **context: str) -> bool:
    named = tuple((key.replace("_", ":"), value) for key, value in context.items())
    call = Call("role", action, resource, named)
    return allows(parse(json.dumps({"Statement": statements})), call)


def allow(action="dynamodb:PutItem", resource=TABLE, effect="Allow", **more) -> dict:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow(), True),
        (allow(action="dynamodb:putitem"), True),
        (allow(action=["dynamodb:GetItem", "dynamodb:Put*"]), True),
        (allow(resource="arn:aws:dynamodb:*:*:table/decision?"), True),
        (allow(resource="arn:aws:dynamodb:*:*:table/decision"), False),
        (allow(resource="arn:aws:dynamodb:*:*:table/DECISIONS"), False),
        (allow(resource="arn.aws.dynamodb.us-east-1.1.table/decisions"), False),
        (allow(action="dynamodb:GetItem"), False),
        (allow(effect="Deny"), False),
    ],
)
def test_a_statement_covers_what_its_patterns_say(statement, expected):
    assert allowed(statement) == expected


def test_a_deny_wins():
    assert not allowed(allow(), allow(resource="*", effect="Deny"))


@pytest.mark.parametrize(
    ("operator", "value", "prefix", "expected"),
    [
        ("StringEquals", "credit/", "credit/", True),
        ("StringEquals", "credit/*", "credit/a", False),
        ("StringLike", ["x", "credit/*"], "credit/a", True),
        ("StringLike", "credit/*", "training/", False),
        ("StringLike", "*", None, False),
    ],
)
def test_a_condition_must_hold_and_its_key_be_there(operator, value, prefix, expected):
    statement = allow(Condition={operator: {"s3:prefix": value}})
    context = {"s3_prefix": prefix} if prefix else {}

    assert allowed(statement, **context) == expected


@pytest.mark.parametrize(
    "part", [{"NotResource": "x"}, {"Principal": "*"}, {"Condition": {"Bool": {"a": "b"}}}]
)
def test_what_is_not_evaluated_is_refused(part):
    with pytest.raises(PolicyNotUnderstood):
        allowed(allow(**part))


def test_a_trust_names_the_service_and_perhaps_the_account():
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["states.amazonaws.com"]},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": "1"}},
    }
    document = json.dumps({"Statement": [statement]})

    assert trusts(document, "states.amazonaws.com", "1")
    assert not trusts(document, "states.amazonaws.com", "2")
    assert not trusts(document, "lambda.amazonaws.com", "1")


GROUPS = {
    "training": "TrainingJobs",
    "processing": "ProcessingJobs",
    "transform": "TransformJobs",
    "endpoints": "Endpoints/dev-appvengers-Tradicional",
}


@pytest.mark.parametrize("action", ["logs:CreateLogGroup", "logs:DescribeLogStreams"])
@pytest.mark.parametrize("ending", ["", ":*"])
@pytest.mark.parametrize("role", GROUPS)
def test_a_container_may_make_its_log_group_by_either_name_that_aws_denies(role, ending, action):
    """Denials of SageMaker's name log-group:NAME and log-group:NAME:*."""
    given = roles.statements(Settings("appvengers", "dev", "us-east-1"), "1")[role]
    group = f"arn:aws:logs:us-east-1:1:log-group:/aws/sagemaker/{GROUPS[role]}{ending}"
    assert allowed(*given, action=action, resource=group), f"AWS denies {action} on {group}"
