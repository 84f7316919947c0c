"""A person of every role, who drives people's routes for the permission audit."""

from collections.abc import Iterable
from typing import Any

import boto3
import requests

from bank.demo_users import demo_people
from bank.embedded_bank import Bank
from chalicelib.people.access import ACCESS, PEOPLE, Role
from infrastructure.deploy.steps import user_pool

NAME = "the-audits"
SECONDS = 60


def drive(bank: Bank, url: str, decided: dict[str, str], body: object) -> None:
    """Send each request that a person may send, about a decision and with an application.

    Without a reason, DELETE erases nobody; another client is erased at the end.
    """
    token = token_of(bank)
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
    headers = {"Authorization": f"Bearer {token_of(bank)}"}
    place, why = f"{url}{PEOPLE}/clients/{client_id}", {"reason": "CLIENT_REQUEST"}
    requests.delete(place, params=why, headers=headers, timeout=SECONDS)


def ask_for_evidence(bank: Bank, url: str, decided: dict[str, Any]) -> None:
    """Ask for the pack of a decision that is anchored, as an auditor does."""
    headers = {"Authorization": f"Bearer {token_of(bank)}"}
    place = f"{url}{PEOPLE}/predictions/{decided['clientId']}/{decided['predictionId']}/evidence"
    requests.get(place, headers=headers, timeout=SECONDS)


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


def sign_off(bank: Bank, url: str, model: str) -> None:
    """Look at the challengers of a model and at the newest one's card, and promote it, as who
    trains may not.
    """
    headers = {"Authorization": f"Bearer {token_of(bank, 'the-audits-risk', [Role.RISK])}"}
    place = f"{url}{PEOPLE}/challengers"
    listed = requests.get(place, headers=headers, timeout=SECONDS).json()
    newest = listed["models"][model][0]
    card = f"{url}{PEOPLE}/models/{model}/versions/{newest['version']}/card"
    requests.get(card, headers=headers, timeout=SECONDS)
    requests.post(
        f"{place}/{model}/{newest['id']}/sign-off",
        json={"verdict": "APPROVE", "reason": "The audit's."},
        headers=headers,
        timeout=SECONDS,
    )


def token_of(bank: Bank, name: str = NAME, roles: Iterable[Role] = tuple(Role)) -> str:
    """Return the ID token of a person with every role, or with these, who signs in."""
    pool = user_pool.of_stage(boto3.client("cloudformation"), bank.settings)
    return demo_people.token_with(pool, f"http://127.0.0.1:{bank.cloud.serve_aws(0)}", name, roles)
