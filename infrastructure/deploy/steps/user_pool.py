"""The stage's user pool, whose ids CloudFormation makes, and its app client."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

from chalicelib.foundation.settings import Settings
from chalicelib.people.sign_in_place import SignInPlace
from chalicelib.services.client_times import BATCHES
from infrastructure import embedded
from infrastructure.deploy.steps import stage_parameters
from infrastructure.deploy.steps.stack import stack_name

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ssm import SSMClient

POOL, CLIENT, DOMAIN = "People", "PeopleClient", "PeopleDomain"  # logical ids of the template
# All else of an app client has to be sent along: an update resets what it does not name.
NOT_SENT = {"UserPoolId", "ClientId", "ClientSecret", "CreationDate", "LastModifiedDate"}


@dataclass(frozen=True, slots=True)
class UserPool:
    id: str
    client_id: str
    domain: str
    region: str

    def arn(self, account: str) -> str:
        return f"arn:aws:cognito-idp:{self.region}:{account}:userpool/{self.id}"

    @property
    def authority(self) -> str:
        """The address of the domain: a host on AWS, a path on the embedded cloud."""
        if embedded.is_embedded():
            return f"{os.environ['AWS_ENDPOINT_URL'].rstrip('/')}/cognito/{self.domain}"
        return f"https://{self.domain}.auth.{self.region}.amazoncognito.com"


def of_stage(client: "CloudFormationClient", settings: Settings) -> UserPool:
    """Return the ids of the stage's user pool, its app client and its domain."""
    stack = stack_name(settings.app_name, settings.stage)

    def physical(logical: str) -> str:
        found = client.describe_stack_resource(StackName=stack, LogicalResourceId=logical)
        return found["StackResourceDetail"]["PhysicalResourceId"]

    return UserPool(physical(POOL), physical(CLIENT), physical(DOMAIN), settings.region)


def open_console(
    cognito: Any,
    ssm: "SSMClient",
    settings: Settings,
    pool: UserPool,
    place: SignInPlace,
) -> None:
    """Let people sign in to the console at the place's address. Safe to repeat."""
    _lead_back(cognito, pool, place.address)
    stage_parameters.keep_sign_in(ssm, settings, place)


def console_place(settings: Settings, pool: UserPool, address: str) -> SignInPlace:
    """Return what the console at `address` needs: the pool, and the buckets that take files."""
    s3 = boto3.client("s3", region_name=settings.region, config=BATCHES)
    to = [uploads_at(s3, bucket) for bucket in (settings.data_bucket, settings.model_bucket)]
    return SignInPlace(pool.authority, pool.client_id, address, *to)


def uploads_at(s3: Any, bucket: str) -> str:
    """Return an address of the bucket, as browsers are sent to it."""
    url: str = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "any"})
    return url.partition("?")[0]


def _lead_back(client: Any, pool: UserPool, address: str) -> None:
    """Let a sign-in, and a sign-out, lead back to the console at `address`.

    The template can't know the address: the API is made after the stacks.
    """
    place = {"UserPoolId": pool.id, "ClientId": pool.client_id}
    found: dict[str, Any] = {**client.describe_user_pool_client(**place)["UserPoolClient"]}
    wanted = {
        name: [*dict.fromkeys([*found.get(name, []), address])]
        for name in ("CallbackURLs", "LogoutURLs")
    }
    if any(found.get(name) != urls for name, urls in wanted.items()):
        kept = {name: value for name, value in found.items() if name not in NOT_SENT}
        client.update_user_pool_client(**{**place, **kept, **wanted})
