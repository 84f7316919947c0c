"""A person of every role, who drives people's routes for the permission audit."""

import secrets

import boto3
import requests

from bank.bank import Bank
from bank.people import demo_people
from chalicelib.people.access import ACCESS, PEOPLE, Role
from infrastructure.deploy.steps import user_pool
from infrastructure.operate.sign_in_flow import Flow

NAME = "the-audits"
SECONDS = 60


def drive(bank: Bank, url: str, decided: dict[str, str], body: object) -> None:
    """Send each request that a person may send, about a decision and with an application."""
    token = _token(bank)
    for row in ACCESS:
        if row.roles:
            path = row.path.replace("{clientId}", decided["clientId"])
            path = path.replace("{predictionId}", decided["predictionId"])
            requests.request(
                row.method,
                f"{url}{PEOPLE}{path}",
                json=body if row.method == "POST" else None,
                headers={"Authorization": f"Bearer {token}"},
                timeout=SECONDS,
            )


def _token(bank: Bank) -> str:
    """Return the ID token of a person with every role, who signs in."""
    pool = user_pool.of_stage(boto3.client("cloudformation"), bank.settings)
    cognito, password = boto3.client("cognito-idp"), f"{secrets.token_urlsafe(18)}-aA1"
    person = {"UserPoolId": pool.id, "Username": NAME}
    cognito.admin_create_user(**person, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**person, Password=password, Permanent=True)
    for role in Role:
        cognito.admin_add_user_to_group(**person, GroupName=role)
    aws = f"http://127.0.0.1:{bank.cloud.serve_aws(0)}"
    flow = Flow(f"{aws}/cognito/{pool.domain}", pool.client_id)
    return demo_people.signed_in(flow, NAME, password)
