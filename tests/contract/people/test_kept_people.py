"""People of a user pool outlive the process, and so do their tokens."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from bank.demo_users.demo_people import signed_in
from infrastructure.operate.sign_in_flow import CALLBACK, Flow, NotSignedIn
from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from localcloud.kept_state.memory.hashed_passwords import HashedPassword
from localcloud.services.cognito.tokens import verified

PASSWORD = "Of-this-test-12!"  # noqa: S105
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": "people"}},
        "Group": {
            "Type": "AWS::Cognito::UserPoolGroup",
            "Properties": {"UserPoolId": {"Ref": "Pool"}, "GroupName": "risk"},
        },
        "Client": {
            "Type": "AWS::Cognito::UserPoolClient",
            "Properties": {
                "UserPoolId": {"Ref": "Pool"},
                "ClientName": "client",
                "AllowedOAuthFlows": ["code"],
                "AllowedOAuthScopes": ["openid"],
                "CallbackURLs": [CALLBACK],
            },
        },
        "Domain": {
            "Type": "AWS::Cognito::UserPoolDomain",
            "Properties": {"UserPoolId": {"Ref": "Pool"}, "Domain": "people"},
        },
    }
}


@contextmanager
def opened(folder: Path | None) -> Iterator[tuple[Cloud, dict[str, str]]]:
    """A cloud with a pool, and the physical ids of its stack."""
    with embedded_cloud(folder) as cloud:
        client = boto3.client("cloudformation")
        client.create_stack(StackName="people", TemplateBody=json.dumps(TEMPLATE))
        found = client.describe_stack_resources(StackName="people")["StackResources"]
        cloud.restore()
        yield cloud, {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}


def make(pool: str, name: str, *groups: str) -> None:
    cognito, person = boto3.client("cognito-idp"), {"UserPoolId": pool, "Username": name}
    cognito.admin_create_user(**person, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**person, Password=PASSWORD, Permanent=True)
    for group in groups:
        cognito.admin_add_user_to_group(**person, GroupName=group)


def token(cloud: Cloud, ids: dict[str, str], name: str) -> str:
    base = f"http://127.0.0.1:{cloud.serve_aws(0)}/cognito/{ids['Domain']}"
    return signed_in(Flow(base, ids["Client"]), name, PASSWORD)


def test_people_groups_and_tokens_survive_a_restart(tmp_path):
    with opened(tmp_path) as (cloud, ids):
        cognito, pool = boto3.client("cognito-idp"), ids["Pool"]
        cognito.create_group(UserPoolId=pool, GroupName="by-hand")
        make(pool, "ana", "risk", "by-hand")
        make(pool, "eva")
        make(pool, "gone")
        cognito.admin_disable_user(UserPoolId=pool, Username="eva")
        cognito.admin_delete_user(UserPoolId=pool, Username="gone")
        assert PASSWORD.encode() not in b"".join(
            one.read_bytes() for one in tmp_path.glob("cloud*")
        )
        before, arn = token(cloud, ids, "ana"), cognito.describe_user_pool(UserPoolId=pool)
    with opened(tmp_path) as (cloud, again):
        assert again == ids
        claims = verified(before, [arn["UserPool"]["Arn"]], ids["Client"])
        after = verified(token(cloud, again, "ana"), [arn["UserPool"]["Arn"]])
        assert after["sub"] == claims["sub"]
        assert {*after["cognito:groups"].split(",")} == {"risk", "by-hand"}
        with pytest.raises(NotSignedIn):
            token(cloud, again, "eva")
        users = boto3.client("cognito-idp").list_users(UserPoolId=again["Pool"])["Users"]
        assert {user["Username"] for user in users} == {"ana", "eva"}


def test_a_person_who_cannot_be_kept_is_not_there_nor_in_a_group(tmp_path, monkeypatch):
    with opened(tmp_path) as (cloud, ids):
        cognito, person = boto3.client("cognito-idp"), {"UserPoolId": ids["Pool"]}
        make(ids["Pool"], "ana")
        cloud.kept.close()  # from here on nothing is written
        for refused in (
            lambda: cognito.admin_create_user(**person, Username="eva", MessageAction="SUPPRESS"),
            lambda: cognito.admin_add_user_to_group(**person, Username="ana", GroupName="risk"),
        ):
            with pytest.raises(ClientError) as answer:
                refused()
            assert answer.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert [user["Username"] for user in cognito.list_users(**person)["Users"]] == ["ana"]
        groups = cognito.admin_list_groups_for_user(**person, Username="ana")["Groups"]
        assert groups == []


@pytest.mark.parametrize("given", ["", "Of-this-test-12", "Of-this-test-12!!", None, 1])
def test_a_hash_equals_its_password_and_nothing_else(given):
    hashed, again = HashedPassword.of(PASSWORD), HashedPassword.of(PASSWORD)

    assert hashed == PASSWORD
    assert not hashed != PASSWORD  # noqa: SIM202 - moto asks so
    assert hashed != given
    assert hashed != again  # each has a salt of its own
    assert HashedPassword.of(hashed) is hashed
    assert HashedPassword(str(hashed)) == PASSWORD
    assert PASSWORD not in hashed


def test_a_protected_pool_is_not_deleted():
    with embedded_cloud():
        cognito = boto3.client("cognito-idp")
        made = cognito.create_user_pool(PoolName="p", DeletionProtection="ACTIVE")["UserPool"]["Id"]
        with pytest.raises(ClientError, match="deletion protection is activated"):
            cognito.delete_user_pool(UserPoolId=made)
        cognito.update_user_pool(UserPoolId=made, DeletionProtection="INACTIVE")
        cognito.delete_user_pool(UserPoolId=made)
        assert cognito.list_user_pools(MaxResults=9)["UserPools"] == []


def test_a_stack_that_is_deleted_takes_its_pool_along():
    with opened(None) as (_, ids):
        boto3.client("cloudformation").delete_stack(StackName="people")
        assert boto3.client("cognito-idp").list_user_pools(MaxResults=9)["UserPools"] == []
        with pytest.raises(ClientError, match="does not exist"):
            boto3.client("cognito-idp").describe_user_pool(UserPoolId=ids["Pool"])


@pytest.mark.parametrize(
    ("resource", "name", "value", "said"),
    [
        ("Pool", "UserPoolTags", {"a*": "b"}, "extraneous key"),
        ("Pool", "MfaConfiguration", "SOMETIMES", "failed validation constraint"),
        ("Client", "ExplicitAuthFlows", ["ALLOW_EVERYTHING"], "failed validation constraint"),
        ("Group", "GroupName", "a" * 129, "failed validation constraint"),
    ],
)
def test_what_aws_refuses_of_a_pool_is_refused(resource, name, value, said):
    spoilt = json.loads(json.dumps(TEMPLATE))
    spoilt["Resources"][resource]["Properties"][name] = value
    with embedded_cloud():
        client = boto3.client("cloudformation")
        client.create_stack(StackName="people", TemplateBody=json.dumps(spoilt))
        events = client.describe_stack_events(StackName="people")["StackEvents"]

    reasons = [one["ResourceStatusReason"] for one in events if "ResourceStatusReason" in one]
    assert any(said in reason for reason in reasons), reasons
