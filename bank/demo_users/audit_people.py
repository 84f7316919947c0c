"""A person of every role, who drives people's routes for the permission audit."""

import secrets
from typing import Any

import boto3
import requests

from bank.demo_users import demo_people
from bank.embedded_bank import Bank
from chalicelib.people.access import ACCESS, PEOPLE, Role
from infrastructure.deploy.steps import user_pool
from infrastructure.operate.sign_in_flow import Flow

NAME = "the-audits"
SECONDS = 60


def drive(bank: Bank, url: str, decided: dict[str, str], body: object) -> None:
    """Send each request that a person may send, about a decision and with an application.

    Without a reason, DELETE erases nobody; another client is erased at the end.
    """
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
    _change_the_policy(url, token)
    _review(f"{url}{PEOPLE}", token, decided)


def _review(url: str, token: str, decided: dict[str, str]) -> None:
    """Claim a case, leave it, decide it, and contest the decision."""
    headers = {"Authorization": f"Bearer {token}"}
    place = f"{url}/predictions/{decided['clientId']}/{decided['predictionId']}"
    verdict = {"verdict": "APPROVE", "reason": "INCOME_VERIFIED", "text": "The audit's."}
    for path, body in (
        ("/review/claim", None),
        ("/review/release", None),
        ("/review", verdict),
        ("/contest", {"text": "The audit's."}),
    ):
        requests.post(f"{place}{path}", json=body, headers=headers, timeout=SECONDS)


def erase(bank: Bank, url: str, client_id: str) -> None:
    """Erase a client, as an operator does."""
    headers = {"Authorization": f"Bearer {_token(bank)}"}
    place, why = f"{url}{PEOPLE}/clients/{client_id}", {"reason": "CLIENT_REQUEST"}
    requests.delete(place, params=why, headers=headers, timeout=SECONDS)


def _change_the_policy(url: str, token: str) -> None:
    """Draft a policy, look at it, approve it as a person may, and roll back to the one in force."""
    headers = {"Authorization": f"Bearer {token}"}

    def ask(method: str, path: str, body: object = None) -> Any:
        place = f"{url}{PEOPLE}{path}"
        return requests.request(method, place, json=body, headers=headers, timeout=SECONDS).json()

    now = ask("GET", "/policies")["inForce"]["policy"]
    drafted = ask("POST", "/policies", {"policy": {"rules": []}, "reason": "The audit's."})
    ask("GET", f"/policies/{drafted['policy']}")
    ask("GET", f"/policy-drafts/{drafted['id']}/swap-set")
    ask("POST", f"/policy-drafts/{drafted['id']}/approval")
    ask("POST", "/policy-rollback", {"policy": now, "reason": "The audit's."})


def _token(bank: Bank) -> str:
    """Return the ID token of a person with every role, who signs in."""
    pool = user_pool.of_stage(boto3.client("cloudformation"), bank.settings)
    cognito, password = boto3.client("cognito-idp"), f"{secrets.token_urlsafe(18)}-aA1"
    person = {"UserPoolId": pool.id, "Username": NAME}
    if not cognito.list_users(UserPoolId=pool.id, Filter=f'username = "{NAME}"')["Users"]:
        cognito.admin_create_user(**person, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**person, Password=password, Permanent=True)
    for role in Role:
        cognito.admin_add_user_to_group(**person, GroupName=role)
    aws = f"http://127.0.0.1:{bank.cloud.serve_aws(0)}"
    flow = Flow(f"{aws}/cognito/{pool.domain}", pool.client_id)
    return demo_people.signed_in(flow, NAME, password)
