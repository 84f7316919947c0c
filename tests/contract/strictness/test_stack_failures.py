"""A stack that fails is rolled back, and its events say which resource failed and why."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from tests.contract.strictness.stacks import events, failure, status

TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "notices"}}
RULE = {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 days)"}}
KEPT = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain",
        "Properties": {"BucketName": "kept"}}  # fmt: skip
RESOURCES = {"Topic": TOPIC, "Kept": KEPT, "Rule": {**RULE, "DependsOn": ["Topic", "Kept"]}}


def body(resources: dict[str, Any]) -> str:
    return json.dumps({"Resources": resources})


def create(resources: dict[str, Any], **more: Any) -> None:
    boto3.client("cloudformation").create_stack(StackName="s", TemplateBody=body(resources), **more)


def topics() -> list[str]:
    return [
        one["TopicArn"].rpartition(":")[2] for one in boto3.client("sns").list_topics()["Topics"]
    ]


def buckets() -> list[str]:
    return [one["Name"] for one in boto3.client("s3").list_buckets()["Buckets"]]


def test_a_stack_that_can_t_be_created_is_rolled_back(cloud: Cloud) -> None:
    create(RESOURCES)
    assert "Parameter ScheduleExpression is not valid." in failure("s")
    assert events("s") == [
        ("s", "CREATE_IN_PROGRESS"), ("Topic", "CREATE_COMPLETE"), ("Kept", "CREATE_COMPLETE"),
        ("Rule", "CREATE_FAILED"), ("s", "ROLLBACK_IN_PROGRESS"), ("Kept", "DELETE_SKIPPED"),
        ("Topic", "DELETE_COMPLETE"), ("s", "ROLLBACK_COMPLETE"),
    ]  # fmt: skip
    assert (topics(), buckets()) == ([], ["kept"])
    found = boto3.client("cloudformation").describe_stack_events(StackName="s")["StackEvents"]
    reasons = [one.get("ResourceStatusReason", "") for one in found]
    assert (
        "The following resource(s) failed to create: [Rule]. Rollback requested by user." in reasons
    )


@pytest.mark.parametrize("more", [{"OnFailure": "DO_NOTHING"}, {"DisableRollback": True}])
def test_a_stack_that_is_not_rolled_back_keeps_what_it_has(cloud: Cloud, more: Any) -> None:
    create(RESOURCES, **more)
    assert status("s") == "CREATE_FAILED"
    assert (topics(), buckets()) == (["notices"], ["kept"])


def test_a_failed_stack_that_is_to_be_deleted_is_gone(cloud: Cloud) -> None:
    create(RESOURCES, OnFailure="DELETE")
    with pytest.raises(ClientError, match="does not exist"):
        status("s")
    assert topics() == []


def test_a_stack_that_was_rolled_back_can_be_deleted_and_made_anew(cloud: Cloud) -> None:
    create(RESOURCES)
    boto3.client("cloudformation").delete_stack(StackName="s")
    create({"Topic": TOPIC})
    assert status("s") == "CREATE_COMPLETE"


def change(resources: dict[str, Any], kind: Any) -> None:
    cloudformation = boto3.client("cloudformation")
    made = cloudformation.create_change_set(
        StackName="s", ChangeSetName=f"c{kind}", ChangeSetType=kind, TemplateBody=body(resources)
    )
    cloudformation.execute_change_set(ChangeSetName=made["Id"])


def test_a_change_set_that_creates_is_rolled_back_too(cloud: Cloud) -> None:
    change(RESOURCES, "CREATE")
    assert "Parameter ScheduleExpression is not valid." in failure("s")
    assert (topics(), buckets()) == ([], ["kept"])


def test_what_an_earlier_stack_left_stays_when_its_import_is_rolled_back(cloud: Cloud) -> None:
    boto3.client("s3").create_bucket(Bucket="kept")
    change({**RESOURCES, "Kept": {**KEPT, "DeletionPolicy": "RetainExceptOnCreate"}}, "CREATE")
    assert status("s") == "ROLLBACK_COMPLETE"
    assert buckets() == ["kept"]


@pytest.mark.parametrize("way", ["change set", "update"])
def test_an_update_that_fails_is_put_back(cloud: Cloud, way: str) -> None:
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "g"}}
    create({"Group": group})
    longer = {**group, "Properties": {"LogGroupName": "g", "RetentionInDays": 30}}
    after = {"Topic": TOPIC, "Group": longer, "Rule": {**RULE, "DependsOn": "Topic"}}
    if way == "update":
        boto3.client("cloudformation").update_stack(StackName="s", TemplateBody=body(after))
    else:
        change(after, "UPDATE")
    assert status("s") == "UPDATE_ROLLBACK_COMPLETE"
    assert ("Rule", "CREATE_FAILED") in events("s")
    assert topics() == []
    kept = boto3.client("cloudformation").get_template(StackName="s")["TemplateBody"]
    assert [*kept["Resources"]] == ["Group"]

    change({"Group": group, "Topic": TOPIC}, "UPDATE")
    assert status("s") == "UPDATE_COMPLETE"
    assert topics() == ["notices"]


def test_an_update_that_removed_a_resource_can_t_be_put_back(cloud: Cloud) -> None:
    create({"Topic": TOPIC})
    change({"Rule": RULE}, "UPDATE")
    assert status("s") == "UPDATE_ROLLBACK_FAILED"
