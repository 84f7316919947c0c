"""Ownership of the names that a stage needs. A resource is ours if it has our tags."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from chalicelib.foundation.settings import Settings
from infrastructure.deploy.steps import stack
from infrastructure.project import API_HANDLER, api_function, functions_of
from infrastructure.template.function_permissions.function_names import ASYNCHRONOUS, PUBLISHING
from stepfunctions.machine_deployment import MACHINES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ABSENT = (
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
    "NoSuchEntity",
    "NotFound",
    "QueueDoesNotExist",
    "ResourceNotFound",
    "ResourceNotFoundException",
    "StateMachineDoesNotExist",
)
BY_NO_RULE = ("createEndpointModel", PUBLISHING)  # S3 invokes them asynchronously
OF_THE_STACK = (
    "training",
    "processing",
    "transform",
    "conversion",
    "endpoints",
    *(machine.name for machine in MACHINES),
)

Tags = dict[str, str]


class StrangeRole(Exception):
    """A role of ours has permissions that are not declared."""


def tags(settings: Settings) -> Tags:
    return {"project": settings.app_name, "stage": settings.stage}


def names_taken(settings: Settings, account: str) -> list[str]:
    """Return the names that belong to others, and this stage's resources in another region."""
    s3 = boto3.client("s3")
    faults = [_bucket_fault(s3, settings, bucket, account) for bucket in settings.buckets]
    found = [*_functions(settings), *_tables(settings), *_machines(settings, account)]
    found += _roles_of_functions(settings)
    client, name = (
        boto3.client("cloudformation"),
        stack.stack_name(settings.app_name, settings.stage),
    )
    if not stack.exists(client, name):
        found += [*_roles_of_the_stack(settings), *_channels(settings, account)]
    faults += [_owner_fault(name, tagged, settings) for name, tagged in found]
    return [fault for fault in faults if fault]


def refuse_strange_roles(settings: Settings) -> None:
    """Raise StrangeRole if a function's role has more than its one policy."""
    iam = boto3.client("iam")
    for role in _function_roles(settings):
        held = iam.list_role_policies(RoleName=role)["PolicyNames"]
        attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        others = [name for name in held if name != role]
        others += [policy["PolicyName"] for policy in attached]
        if others or not held:
            raise StrangeRole(
                f"The role {role} should hold the policy {role} and no other; it holds "
                f"{', '.join(others) or 'none'}. Remove what is not declared."
            )


def mark(settings: Settings, account: str) -> None:
    """Tag the functions' roles and rules, which Chalice does not."""
    iam, events = boto3.client("iam"), boto3.client("events")
    given: Any = [{"Key": key, "Value": value} for key, value in tags(settings).items()]
    for role in _function_roles(settings):
        iam.tag_role(RoleName=role, Tags=given)
    for rule in rules(settings):
        arn = f"arn:aws:events:{settings.region}:{account}:rule/{rule}"
        events.tag_resource(ResourceARN=arn, Tags=given)


def rule_names(settings: Settings) -> set[str]:
    """Return the names that Chalice gives the EventBridge rules of this stage; S3 events need
    none.
    """
    by_rule = [name for name in ASYNCHRONOUS if name not in BY_NO_RULE]
    return {f"{settings.function(name)}-event" for name in by_rule}


def rules(settings: Settings) -> list[str]:
    """Return the stage's EventBridge rules that exist."""
    named = rule_names(settings)
    pages = (
        boto3.client("events")
        .get_paginator("list_rules")
        .paginate(NamePrefix=f"{settings.app_name}-{settings.stage}-")
    )
    return [rule["Name"] for page in pages for rule in page["Rules"] if rule["Name"] in named]


def _function_roles(settings: Settings) -> list[str]:
    return [settings.function(name) for name in (API_HANDLER, *functions_of(settings.stage))]


def _functions(settings: Settings) -> Iterator[tuple[str, Tags]]:
    client = boto3.client("lambda")
    named = [settings.function(name) for name in functions_of(settings.stage)]
    for name in (api_function(settings), *named):
        if found := _found(client.get_function, FunctionName=name):
            yield name, found.get("Tags", {})


def _tables(settings: Settings) -> Iterator[tuple[str, Tags]]:
    client = boto3.client("dynamodb")
    for name in settings.tables:
        if found := _found(client.describe_table, TableName=name):
            arn = found["Table"]["TableArn"]
            yield name, _plain(client.list_tags_of_resource(ResourceArn=arn)["Tags"])


def _machines(settings: Settings, account: str) -> Iterator[tuple[str, Tags]]:
    client = boto3.client("stepfunctions")
    for machine in MACHINES:
        name = f"{settings.prefix}-{machine.name}"
        arn = f"arn:aws:states:{settings.region}:{account}:stateMachine:{name}"
        if found := _found(client.describe_state_machine, stateMachineArn=arn):
            listed = client.list_tags_for_resource(resourceArn=found["stateMachineArn"])["tags"]
            yield name, {one["key"]: one["value"] for one in listed}


def _roles_of_functions(settings: Settings) -> Iterator[tuple[str, Tags]]:
    """Yield the functions' roles, without those that a dead deployment left: these have no tags,
    and only permissions that Chalice declares again.
    """
    iam = boto3.client("iam")
    for role in _function_roles(settings):
        if found := _found(iam.get_role, RoleName=role):
            tagged = _plain(found["Role"].get("Tags", []))
            held = iam.list_role_policies(RoleName=role)["PolicyNames"]
            attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
            if tagged or attached or held not in ([], [role]):
                yield role, tagged


def _roles_of_the_stack(settings: Settings) -> Iterator[tuple[str, Tags]]:
    for name in OF_THE_STACK:
        role = f"{settings.prefix}-{name}"
        if found := _found(boto3.client("iam").get_role, RoleName=role):
            yield role, _plain(found["Role"].get("Tags", []))


def _channels(settings: Settings, account: str) -> Iterator[tuple[str, Tags]]:
    topic = settings.topic_arn(account)
    if found := _found(boto3.client("sns").list_tags_for_resource, ResourceArn=topic):
        yield topic.rpartition(":")[2], _plain(found["Tags"])
    sqs, queue = boto3.client("sqs"), settings.failures_queue_arn(account).rpartition(":")[2]
    if found := _found(sqs.get_queue_url, QueueName=queue):
        yield queue, sqs.list_queue_tags(QueueUrl=found["QueueUrl"]).get("Tags", {})


def _bucket_fault(s3: "S3Client", settings: Settings, bucket: str, account: str) -> str:
    try:
        lives_in = s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)["BucketRegion"]
        found = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ABSENT:
            return ""
        if code == "403":
            return (
                f"The bucket {bucket} belongs to another account, and buckets' names are "
                "everybody's: change app_name in .chalice/config.json."
            )
        if code != "NoSuchTagSet":
            raise
        found = []
    if fault := _owner_fault(bucket, {tag["Key"]: tag["Value"] for tag in found}, settings):
        return fault
    return _elsewhere_fault(bucket, lives_in, settings)


def _elsewhere_fault(bucket: str, lives_in: str, settings: Settings) -> str:
    """Return a fault if the stage's buckets are in another region: buckets and roles are reached
    from every region.
    """
    if lives_in == settings.region:
        return ""
    return (
        f"{settings.stage} lives in {lives_in}, where the bucket {bucket} is, not in "
        f"{settings.region}: AWS_DEFAULT_REGION={lives_in}. A stage is in one region."
    )


def _owner_fault(name: str, tagged: Tags, settings: Settings) -> str:
    if tags(settings).items() <= tagged.items():
        return ""
    return (
        f"{name} exists and does not carry the tags project={settings.app_name} and "
        f"stage={settings.stage}: it is not ours. Change app_name in .chalice/config.json, or, "
        "if it is ours, tag it."
    )


def _plain(listed: Any) -> Tags:
    return {tag["Key"]: tag["Value"] for tag in listed}


def _found(call: Callable[..., Any], **name: str) -> Any:
    """Return the resource, or None if there is none of this name."""
    try:
        return call(**name)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ABSENT:
            raise
        return None
