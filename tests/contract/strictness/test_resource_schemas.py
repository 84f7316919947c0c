"""Resources of a template, held to CloudFormation's own schemas once references are resolved."""

import json
from typing import Any

import boto3
import pytest

from localcloud.cloud import Cloud
from localcloud.strictness.resource_schemas import broken
from tests.contract.strictness.stacks import failure, status

KEYWORD = "failed validation constraint for keyword"
GROUP = "AWS::Logs::LogGroup"
FUNCTION = {"Role": "arn:aws:iam::123456789012:role/role", "Code": {"ZipFile": "pass"}}


def created(kind: str, properties: Any, given: str = "") -> Any:
    """Create a stack of one resource, and of one parameter, which the resource may refer to."""
    template = {
        "Parameters": {"Given": {"Type": "String", "Default": given}},
        "Resources": {"It": {"Type": kind, "Properties": properties}},
    }
    return boto3.client("cloudformation").create_stack(
        StackName="s", TemplateBody=json.dumps(template)
    )


@pytest.mark.parametrize(
    ("kind", "properties", "given", "message"),
    [
        (GROUP, {"Retention": 30}, "", "#: extraneous key [Retention] is not permitted"),
        (GROUP, {"Arn": "arn:aws:logs:x"}, "", "#: extraneous key [Arn] is not permitted"),
        (GROUP, {"RetentionInDays": {"Ref": "Given"}}, "31",
         f"#/RetentionInDays: {KEYWORD} [enum]"),
        ("AWS::SQS::Queue", {"VisibilityTimeout": {"Ref": "Given"}}, "43201",
         f"#/VisibilityTimeout: {KEYWORD} [maximum]"),
        ("AWS::SQS::Queue", {"VisibilityTimeout": {"Ref": "Given"}}, "soon",
         "#/VisibilityTimeout: expected type: Integer, found: String"),
        ("AWS::Lambda::Function", {"Code": {"ZipFile": "pass"}}, "",
         "#: required key [Role] not found"),
        ("AWS::S3::Bucket", {"VersioningConfiguration": {"Status": "On"}}, "",
         f"#/VersioningConfiguration/Status: {KEYWORD} [enum]"),
        ("AWS::S3::BucketPolicy", {"Bucket": "b"}, "", "required key [PolicyDocument] not found"),
        ("AWS::CloudWatch::Alarm", {"ComparisonOperator": "More", "EvaluationPeriods": 1}, "",
         f"#/ComparisonOperator: {KEYWORD} [enum]"),
        ("AWS::DynamoDB::Table", {"KeySchema": []}, "", f"#/KeySchema: {KEYWORD} [minItems]"),
        ("AWS::SSM::Parameter", {"Type": "Number", "Value": "1"}, "", f"#/Type: {KEYWORD} [enum]"),
        ("AWS::Lambda::Function", {**FUNCTION, "MemorySize": 127}, "",
         f"#/MemorySize: {KEYWORD} [minimum]"),
    ],
)  # fmt: skip
def test_a_resource_that_its_schema_does_not_allow_is_refused(
    cloud: Cloud, kind: str, properties: Any, given: str, message: str
) -> None:
    created(kind, properties, given)
    answer = failure("s")
    assert answer.startswith("Properties validation failed for resource It with message:\n[")
    assert message in answer


@pytest.mark.parametrize(
    ("kind", "properties", "given"),
    [
        (GROUP, {"RetentionInDays": {"Ref": "Given"}, "LogGroupName": "/aws/x"}, "30"),
        ("AWS::SQS::Queue", {"VisibilityTimeout": {"Ref": "Given"}}, "43200"),
        ("AWS::SQS::Queue", {"SqsManagedSseEnabled": {"Ref": "Given"}}, "true"),
        ("AWS::SSM::Parameter", {"Type": "String", "Value": 5, "Name": "five"}, ""),
    ],
)
def test_texts_are_taken_for_numbers_as_cloudformation_takes_them(
    cloud: Cloud, kind: str, properties: Any, given: str
) -> None:
    created(kind, properties, given)
    assert status("s") == "CREATE_COMPLETE"


@pytest.mark.parametrize("memory", [128, 32_768])
def test_limits_of_a_function_are_pinned_at_equality(memory: int) -> None:
    properties = {**FUNCTION, "MemorySize": memory, "Timeout": 900}
    assert broken("AWS::Lambda::Function", properties, "us-east-1") == []


def test_a_resource_that_is_not_aws_s_has_no_schema() -> None:
    assert broken("Custom::Anything", {"a": 1}, "us-east-1") == []
