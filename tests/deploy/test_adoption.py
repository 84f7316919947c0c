"""What an earlier stack left is taken over, on the conditions that AWS has for it."""

import json
from collections.abc import Iterator

import boto3
import pytest

from infrastructure.deploy.steps import stack
from infrastructure.template import stack_template
from localcloud.embedded_cloud import embedded_cloud

DATA = "dev-appvengers-data"
GROUP = "/aws/lambda/appvengers-dev-saveResult"


@pytest.fixture(autouse=True)
def cloud() -> Iterator[None]:
    with embedded_cloud():
        yield


def resources() -> dict[str, dict]:
    return stack_template.resources("appvengers", "dev")


def test_what_the_template_retains_is_imported_with_what_is_in_it():
    s3, logs = boto3.client("s3"), boto3.client("logs")
    s3.create_bucket(Bucket=DATA)
    s3.put_object(Bucket=DATA, Key="kept", Body=b"data")
    logs.create_log_group(logGroupName=GROUP)

    stack.deploy(boto3.client("cloudformation"), "appvengers", "dev")
    assert s3.get_object(Bucket=DATA, Key="kept")["Body"].read() == b"data"


@pytest.mark.parametrize(
    "fault", [{"DeletionPolicy": "Delete"}, {"Properties": {"BucketName": {"Fn::Sub": DATA}}}]
)
def test_nothing_is_imported_on_other_conditions_than_aws_has(fault):
    boto3.client("s3").create_bucket(Bucket=DATA)
    bucket = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}
    bucket |= {"Properties": {"BucketName": DATA}} | fault

    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(
        StackName="one", TemplateBody=json.dumps({"Resources": {"Bucket": bucket}})
    )
    events = cloudformation.describe_stack_events(StackName="one")["StackEvents"]
    reasons = [
        one["ResourceStatusReason"] for one in events if one["LogicalResourceId"] == "Bucket"
    ]
    assert f"{DATA} already exists" in reasons[0]


NAMES = (
    "AlarmName", "BucketName", "DashboardName", "LogGroupName", "Name", "QueueName", "RoleName",
    "TableName", "TopicName",
)  # fmt: skip


def names(resource: dict) -> list:
    return [resource["Properties"][name] for name in NAMES if name in resource["Properties"]]


def test_all_that_is_retained_has_a_plain_name():
    kept = [one for one in resources().values() if one.get("DeletionPolicy") == "Retain"]

    assert len(kept) >= 20
    for one in kept:
        assert names(one), one
        assert one["UpdateReplacePolicy"] == "Retain"


def test_no_resource_has_a_name_that_a_function_makes():
    for logical, one in resources().items():
        assert all(isinstance(name, str) for name in names(one)), logical


@pytest.mark.parametrize("name", stack_template.TEMPLATES)
def test_a_template_that_cloudformation_would_refuse_is_not_sent(monkeypatch, name):
    body = stack_template.body("appvengers", "prod", "off", name)
    assert len(body.encode()) <= stack_template.LARGEST_BYTES
    monkeypatch.setattr(stack_template, "LARGEST_BYTES", 1000)

    with pytest.raises(stack_template.TemplateTooLarge, match=f"{name}.yaml"):
        stack_template.body("appvengers", "prod", "off", name)


def test_no_resource_of_one_template_has_the_name_of_another_s():
    counts = [
        len(json.loads(stack_template.body("appvengers", "dev", "off", name))["Resources"])
        for name in stack_template.TEMPLATES
    ]
    assert sum(counts) == len(resources())
