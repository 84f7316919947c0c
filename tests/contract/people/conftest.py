"""A bank without models, with a key for each scope and a person of each role."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from bank.api import serving_api
from bank.demo_users import demo_people
from bank.embedded_bank import Bank, open_bank
from chalicelib.people.access import Role, Scope
from infrastructure.deploy.steps import user_pool
from infrastructure.deploy.steps.user_pool import UserPool
from infrastructure.operate.sign_in_flow import Flow

EVERY_KEY = "the-key-of-every-scope"
SCOPED = {scope: f"the-key-of-{scope}" for scope in Scope}
PLACES = {"{clientId}": "ana", "{predictionId}": "0" * 32}
ACCOUNT = "123456789012"


@dataclass(frozen=True)
class Door:
    """The API of a bank, for requests by route, and its user pool."""

    bank: Bank
    url: str
    aws: str
    pool: UserPool
    passwords: dict[str, str]

    def ask(self, method: str, route: str, **headers: str) -> requests.Response:
        path = route
        for place, value in PLACES.items():
            path = path.replace(place, value)
        body: dict[str, Any] = {"json": {}} if method == "POST" else {}
        given = {"Accept-Language": "en", **headers}
        return requests.request(method, self.url + path, headers=given, timeout=30, **body)

    def ask_as(self, token: str, method: str, route: str) -> requests.Response:
        return self.ask(method, route, Authorization=f"Bearer {token}")

    def flow(self) -> Flow:
        return Flow(f"{self.aws}/cognito/{self.pool.domain}", self.pool.client_id)

    def token(self, username: str) -> str:
        return demo_people.signed_in(self.flow(), username, self.passwords[username])


def kind(answer: requests.Response) -> str:
    """Return the type of a problem; empty for another answer."""
    return str(answer.json().get("type", "")).removeprefix("urn:problem:")


@pytest.fixture(scope="package")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder: Path = tmp_path_factory.mktemp("people")
    with open_bank(None) as bank, serving_api(bank, EVERY_KEY, 0, SCOPED) as port:
        pool = user_pool.of_stage(boto3.client("cloudformation"), bank.settings)
        demo_people.make_people(pool, folder)
        aws = f"http://127.0.0.1:{bank.cloud.serve_aws(0)}"
        known = demo_people.passwords(folder)
        yield Door(bank, f"http://127.0.0.1:{port}", aws, pool, known)


@pytest.fixture(scope="package")
def tokens(door: Door) -> dict[str, str]:
    """The ID token of each role's person."""
    return {role: door.token(role) for role in Role}
