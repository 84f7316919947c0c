"""People and machines of the desk's drill: each has credentials of its own, and uses only these."""

import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import boto3
import requests

from bank.demo_users.demo_people import passwords, signed_in
from chalicelib.foundation.settings import Settings
from chalicelib.people.access import PEOPLE, Role
from infrastructure.deploy.steps import user_pool
from infrastructure.operate.sign_in_flow import Flow
from tests.drills.bank_process import BankProcess

SECONDS = 60
TOKEN_LIFE = 45 * 60  # a token lives for an hour
EXTRA: dict[str, tuple[Role, ...]] = {
    "third-reviewer": (Role.REVIEWER,),
    "analyst-reviewer": (Role.ANALYST, Role.REVIEWER),
}


class People:
    """Users of the bank's pool, who sign in with code and PKCE and again when a token is old."""

    def __init__(
        self,
        bank: BankProcess,
        settings: Settings,
        extra: Mapping[str, Sequence[Role]] = EXTRA,
    ) -> None:
        self._bank = bank
        self._pool = user_pool.of_stage(boto3.client("cloudformation"), settings)
        self._tokens: dict[str, tuple[float, str]] = {}
        self._passwords = passwords(bank.folder)
        self._signing_in = threading.Lock()
        for name, roles in extra.items():
            self._passwords[name] = self._make(name, roles)

    def ask(self, name: str, method: str, path: str, body: Any = None) -> requests.Response:
        return self.ask_with(self.token(name), method, path, body)

    def ask_with(self, token: str, method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        url = f"{self._bank.url}{PEOPLE}{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=SECONDS)

    def token(self, name: str) -> str:
        with self._signing_in:
            at, token = self._tokens.get(name, (0.0, ""))
            if time.monotonic() - at > TOKEN_LIFE or not token:
                base = f"http://127.0.0.1:{self._bank.aws_port}/cognito/{self._pool.domain}"
                token = signed_in(Flow(base, self._pool.client_id), name, self._passwords[name])
                self._tokens[name] = time.monotonic(), token
            return token

    def _make(self, name: str, roles: Sequence[Role]) -> str:
        cognito, password = boto3.client("cognito-idp"), f"{secrets.token_urlsafe(18)}-aA1"
        person = {"UserPoolId": self._pool.id, "Username": name}
        cognito.admin_create_user(**person, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(**person, Password=password, Permanent=True)
        for role in roles:
            cognito.admin_add_user_to_group(**person, GroupName=role)
        return password


class Machine:
    """A program of the bank with the API key of one scope."""

    def __init__(self, bank: BankProcess, scope: str) -> None:
        self._bank = bank
        self._key = (bank.folder / "api_keys" / scope).read_text().strip()

    def get(self, path: str) -> requests.Response:
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        return self._ask("POST", path, body, headers)

    def _ask(self, method: str, path: str, body: Any, more: dict[str, str]) -> requests.Response:
        headers = {"x-api-key": self._key, "Accept-Language": "en"} | more
        url = f"{self._bank.url}{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=SECONDS)
