"""The operator of a bank that is killed: signed in once, at the bank's own user pool."""

from collections.abc import Mapping
from typing import Any

import requests

from bank.demo_users.demo_people import passwords, signed_in
from chalicelib.foundation.settings import Settings
from chalicelib.people.access import PEOPLE, Role
from infrastructure.deploy.steps import user_pool
from infrastructure.operate.sign_in_flow import Flow
from tests.drills.bank_process import BankProcess
from tests.drills.retries.__main__ import aws

SECONDS = 60


class Operator:
    """A person with the role operator."""

    def __init__(self, bank: BankProcess) -> None:
        self._bank = bank
        settings = Settings("appvengers", "dev", "us-east-1")
        pool = user_pool.of_stage(aws(bank, "cloudformation"), settings)
        flow = Flow(f"http://127.0.0.1:{bank.aws_port}/cognito/{pool.domain}", pool.client_id)
        password = passwords(bank.folder)[Role.OPERATOR]
        self._headers = {"Authorization": f"Bearer {signed_in(flow, Role.OPERATOR, password)}"}

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> requests.Response | None:
        """Return the answer; None if the bank was killed before it."""
        url = f"{self._bank.url}{PEOPLE}{path}"
        try:
            return requests.request(method, url, json=body, headers=self._headers, timeout=SECONDS)
        except requests.RequestException:
            return None
