"""Clients of a bank under measurement: its API with a key and with a person, and its AWS."""

from typing import Any

import boto3
import requests
from botocore.config import Config

from bank.demo_users import demo_people
from bench.rounds import Serving
from bench.servers.contestants import Body, Place
from chalicelib.foundation.settings import Settings
from chalicelib.people.access import PEOPLE, Role
from infrastructure.deploy.steps import user_pool
from infrastructure.embedded import CLIENT
from infrastructure.operate.sign_in_flow import Flow

REGION = CLIENT["AWS_DEFAULT_REGION"]
SECONDS, LONGEST = 60, 900  # of a request; of a function, as Lambda allows at most


class BankClients:
    """Clients of one bank. An answer that is an error raises HTTPError or ClientError."""

    def __init__(self, serving: Serving, place: Place) -> None:
        self._serving = serving
        self._folder = place.folder
        self._aws_url = f"http://127.0.0.1:{place.port + 1}"

    def ask(self, method: str, path: str, body: Body | None = None) -> Any:
        """Ask with the key that predicts."""
        return self._answer(method, path, self._serving.headers, body)

    def ask_as_operator(self, method: str, path: str) -> Any:
        """Ask as a person with the role operator, who signs in anew for it."""
        headers = {"Authorization": f"Bearer {self._operator()}"}
        return self._answer(method, PEOPLE.lstrip("/") + "/" + path, headers)

    def aws(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self._aws_url,
            region_name=REGION,
            aws_access_key_id=CLIENT["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CLIENT["AWS_SECRET_ACCESS_KEY"],
            config=Config(read_timeout=LONGEST, retries={"total_max_attempts": 1}),
        )

    def _operator(self) -> str:
        settings = Settings("appvengers", "dev", REGION)
        pool = user_pool.of_stage(self.aws("cloudformation"), settings)
        flow = Flow(f"{self._aws_url}/cognito/{pool.domain}", pool.client_id)
        password = demo_people.passwords(self._folder)[Role.OPERATOR]
        return demo_people.signed_in(flow, Role.OPERATOR, password)

    def _answer(
        self, method: str, path: str, headers: dict[str, str], body: Body | None = None
    ) -> Any:
        url = self._serving.url.replace("predict", path)
        answer = requests.request(method, url, json=body, headers=headers, timeout=SECONDS)
        if answer.status_code >= 300:
            raise requests.HTTPError(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer.json()
