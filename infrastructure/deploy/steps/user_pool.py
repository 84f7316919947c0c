"""The stage's user pool, whose ids CloudFormation makes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.foundation.settings import Settings
from infrastructure.deploy.steps.stack import stack_name

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

POOL, CLIENT, DOMAIN = "People", "PeopleClient", "PeopleDomain"  # logical ids of the template


@dataclass(frozen=True, slots=True)
class UserPool:
    id: str
    client_id: str
    domain: str
    region: str

    def arn(self, account: str) -> str:
        return f"arn:aws:cognito-idp:{self.region}:{account}:userpool/{self.id}"


def of_stage(client: "CloudFormationClient", settings: Settings) -> UserPool:
    """Return the ids of the stage's user pool, its app client and its domain."""
    stack = stack_name(settings.app_name, settings.stage)

    def physical(logical: str) -> str:
        found = client.describe_stack_resource(StackName=stack, LogicalResourceId=logical)
        return found["StackResourceDetail"]["PhysicalResourceId"]

    return UserPool(physical(POOL), physical(CLIENT), physical(DOMAIN), settings.region)
