"""The collaborators of the console's page, built on first use."""

from functools import cache
from typing import TYPE_CHECKING

import boto3

from chalicelib.services import services
from chalicelib.services.client_times import SWITCH

if TYPE_CHECKING:
    from chalicelib.people.sign_in_parameter import SignInParameter


@cache
def sign_in() -> "SignInParameter":
    from chalicelib.people.sign_in_parameter import SignInParameter

    client = boto3.client("ssm", config=SWITCH)
    return SignInParameter(client, services().settings.sign_in_parameter)
