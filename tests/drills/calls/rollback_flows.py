"""Rollbacks: an operator uses `make rollback`, or asks through the API in the same words until it
is answered."""

import io
import time
import uuid
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from typing import Any

import boto3
import requests

from bank.demo_users.demo_people import token_with
from chalicelib import profile
from chalicelib.foundation.settings import MODEL_ACT_PREFIX
from chalicelib.governance.model_acts.model_act_bucket import ModelActBucket
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.people.access import PEOPLE, Role
from infrastructure.deploy.steps import user_pool
from infrastructure.operate.rollback import roll_back
from tests.drills.calls.decision_flows import PATIENCE_SECONDS, PAUSE_SECONDS
from tests.drills.calls.model_flows import (
    IDLE_SECONDS,
    MODEL,
    Deploy,
    Versions,
    endpoints_of,
    in_service_notices,
)
from tests.workflow.conftest import Served

WATCHED_SECONDS = 60  # by an operator of `make rollback`
TO_BE_REPEATED = (202, 429)  # and each answer of 5xx


class RollBack(Deploy):
    """make rollback: the version before answers again, and the operator hears of it."""

    name = "roll back"

    def __init__(self, served: Served, case: Any) -> None:
        super().__init__(served, case)
        self.versions = Versions(2034)

    def before(self) -> None:
        for _ in range(2):
            Deploy.run(self)
        bucket = ModelBucket(boto3.client("s3"), self.served.bank.settings.model_bucket)
        self.version = str(bucket.former(MODEL, self.version))
        self.told_before = len(in_service_notices(self.served, self.version))

    def broken(self) -> Iterator[str]:
        yield from super().broken()
        if len(in_service_notices(self.served, self.version)) <= self.told_before:
            yield "the operator was not told of the rollback"

    def run(self) -> None:
        bucket = ModelBucket(boto3.client("s3"), self.served.bank.settings.model_bucket)
        until = time.monotonic() + WATCHED_SECONDS

        def pause(seconds: float) -> None:
            if time.monotonic() > until:
                raise TimeoutError  # the operator watches no longer
            time.sleep(seconds)

        with suppress(TimeoutError), redirect_stdout(io.StringIO()):
            roll_back(MODEL, self.version, profile.load(), bucket, endpoints_of(self.served), pause)
        self.served.bank.cloud.idle(IDLE_SECONDS)


class AskRollBack(RollBack):
    """POST /people/models/…/rollback: the former version answers, one act is recorded, and the
    operator hears of it."""

    name = "ask for a rollback"
    functions = ("api_handler",)

    def __init__(self, served: Served, case: Any) -> None:
        super().__init__(served, case)
        self.versions = Versions(2042)
        self._aws = f"http://127.0.0.1:{served.bank.cloud.serve_aws(0)}"
        self._pool = user_pool.of_stage(boto3.client("cloudformation"), served.bank.settings)
        self._s3, self._data = boto3.client("s3"), served.bank.settings.data_bucket

    def before(self) -> None:
        """Deploy two versions. Forget earlier acts, as the API reads each of them."""
        super().before()
        place = f"{MODEL_ACT_PREFIX}{MODEL}/"
        found = self._s3.list_objects_v2(Bucket=self._data, Prefix=place).get("Contents", [])
        for one in found:
            self._s3.delete_object(Bucket=self._data, Key=one["Key"])
        self._reason = f"drill {uuid.uuid4().hex}"
        token = token_with(self._pool, self._aws, "drill-operator", [Role.OPERATOR])
        self._headers = {"Authorization": f"Bearer {token}"}  # each lives for an hour

    def run(self) -> None:
        self._status, until = 0, time.monotonic() + PATIENCE_SECONDS
        while self._is_to_be_repeated() and time.monotonic() < until:
            self._status = self._ask()
        self.served.bank.cloud.idle(IDLE_SECONDS)

    def heal(self) -> None:
        """Nothing: the operator's repeat is all."""

    def broken(self) -> Iterator[str]:
        yield from super().broken()
        if self._status != 200:
            yield f"the last answer is {self._status}"
        acts = ModelActBucket(self._s3, self._data).of_model(MODEL)
        if (recorded := [one.reason for one in acts].count(self._reason)) != 1:
            yield f"{recorded} recorded rollbacks"

    def _ask(self) -> int:
        """Return the status of the answer."""
        url = f"{self.served.url}{PEOPLE}/models/{MODEL}/rollback"
        body = {"version": self.version, "reason": self._reason}
        time.sleep(PAUSE_SECONDS)
        answer = requests.post(url, json=body, headers=self._headers, timeout=PATIENCE_SECONDS)
        return answer.status_code

    def _is_to_be_repeated(self) -> bool:
        return not 200 <= self._status < 500 or self._status in TO_BE_REPEATED
