"""Flows of callers of a bank that is killed: each repeats its request until it has an answer."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import requests
from botocore.exceptions import BotoCoreError

from chalicelib.foundation.dynamodb_items import from_item
from chalicelib.foundation.settings import MODEL_ACT_PREFIX
from localcloud.services.sns import Notice
from tests.drills.bank_process import BankProcess
from tests.drills.calls.decision_flows import (
    PATIENCE_SECONDS,
    TOPIC,
    heard,
    is_as_sent,
    not_as_answered,
    told_at,
    wrongly_automatic,
)
from tests.drills.calls.model_flows import IN_SERVICE, MODEL, Versions
from tests.drills.kills.operator import Operator
from tests.drills.retries.__main__ import TABLE, aws
from tests.workflow.conftest import reversioned
from tests.workflow.retraining import DATA

PAUSE_SECONDS, DEPLOYED_SECONDS = 0.5, 120
DIES_SECONDS = 20
TOLD_SECONDS = 30
EVERY = {"": 1_000}  # how many calls of a name are killed at
# The guard that is out until the kill, and the one that is out after it.
WRITES, EVENTS = ("writes", ""), ("", "events")
BUCKET = "dev-appvengers-createendpointmodel"


class Caller:
    """A caller that repeats a request under one Idempotency-Key."""

    def __init__(self, bank: BankProcess) -> None:
        self._bank = bank

    def once(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any] | None:
        """Return the answer; None if there is none, or if it says to ask again."""
        headers = {"x-api-key": self._bank.api_key, "Idempotency-Key": key}
        url = f"{self._bank.url}{path}"
        try:
            response = requests.post(url, json=body, headers=headers, timeout=PATIENCE_SECONDS)
        except requests.RequestException:  # it was killed
            return None
        if response.status_code == 200:
            return dict(response.json())
        assert response.status_code in (202, 429) or response.status_code >= 500, response.text
        return None

    def until_answered(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any] | None:
        """Return the answer; None if there is none in a minute."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if answer := self.once(path, body, key):
                return answer
            time.sleep(PAUSE_SECONDS)
        return None

    def stored(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return a decision as the bank has it now."""
        path = f"/predictions/{answer['clientId']}/{answer['predictionId']}"
        headers = {"x-api-key": self._bank.api_key}
        found = requests.get(f"{self._bank.url}{path}", headers=headers, timeout=PATIENCE_SECONDS)
        return dict(found.json())

    def records(self, client: str) -> list[dict[str, Any]]:
        found = aws(self._bank, "dynamodb").query(
            TableName=TABLE,
            KeyConditionExpression="clientId = :client",
            ExpressionAttributeValues={":client": {"S": client}},
            ConsistentRead=True,
        )
        return [from_item(one) for one in found["Items"]]


def noticed(bank: BankProcess) -> list[Notice]:
    """Return the notices of all topics. The last line may be half written yet."""
    text = (bank.folder / "notices.jsonl").read_text(encoding="utf-8")
    return [
        Notice(**json.loads(line)) for line in text.splitlines(keepends=True) if line[-1:] == "\n"
    ]


def notices(bank: BankProcess, *words: str) -> list[Notice]:
    """Return the notices to people that have all the words: an event of the bus is none."""
    told = [one for one in noticed(bank) if one.topic != TOPIC]
    return [one for one in told if all(word in f"{one.subject} {one.message}" for word in words)]


def hears(bank: BankProcess, *words: str) -> bool:
    """Return whether an event has the words within half a minute: a restart delivers it again."""
    until = time.monotonic() + TOLD_SECONDS
    while not (is_heard := any(heard(noticed(bank), words))) and time.monotonic() < until:
        time.sleep(PAUSE_SECONDS)
    return is_heard


class KilledPredict:
    """POST /predict: the decision is stored once, and it is the one that was answered."""

    name = "predict, and the process is killed"
    functions = ("api_handler", "Tradicional", "NetworkingAccelerator", "AppVengersAccelerator",
                 "saveResult", "publishEvents")  # fmt: skip
    dies_seconds, guards_out, most = DIES_SECONDS, WRITES, EVERY
    repeats = True  # its caller asks again after the restart

    def __init__(self, bank: BankProcess, body: dict[str, Any]) -> None:
        self._bank, self._caller, self._body = bank, Caller(bank), body
        decided = self._caller.until_answered("/predict", body, uuid.uuid4().hex)
        assert decided
        self._usual = decided["decision"]

    def before(self) -> None:
        self._client, self._key = f"drill-{uuid.uuid4().hex[:12]}", uuid.uuid4().hex
        self._sent = {**self._body, "clientId": self._client}

    def ask(self) -> None:
        self._first = self._caller.once("/predict", self._sent, self._key)

    def settle(self) -> None:
        self._last = self._caller.until_answered("/predict", self._sent, self._key)

    def broken(self) -> Iterator[str]:
        stored = [one for one in self._caller.records(self._client) if "decision" in one]
        if self._last is None:
            yield "no answer"
            return
        if len(stored) != 1:
            yield f"{len(stored)} stored decisions"
        kept = {(one["predictionId"], one["decision"]) for one in stored}
        for answer in filter(None, (self._first, self._last)):
            if (answer["predictionId"], answer["decision"]) not in kept:
                yield "another decision is stored than was answered"
            yield from not_as_answered(answer, self._caller.stored(answer))
        if not hears(self._bank, self._last["predictionId"]):
            yield "no event tells of the decision"
        yield from wrongly_automatic(self._last, self._usual)


class KilledOutcome:
    """POST …/outcome: stored once, as it was told."""

    name = "outcome, and the process is killed"
    functions = ("api_handler", "publishEvents")
    dies_seconds, guards_out, most = DIES_SECONDS, WRITES, EVERY
    repeats = True  # its caller asks again after the restart

    def __init__(self, bank: BankProcess, body: dict[str, Any]) -> None:
        self._bank, self._caller, self._body = bank, Caller(bank), body
        self._told = {"outcome": "paid", "when": datetime.now(UTC).date().isoformat()}

    def before(self) -> None:
        self._client, self._key = f"drill-{uuid.uuid4().hex[:12]}", uuid.uuid4().hex
        sent = {**self._body, "clientId": self._client}
        decided = self._caller.until_answered("/predict", sent, uuid.uuid4().hex)
        assert decided
        self._prediction = decided["predictionId"]
        self._path = f"/predictions/{self._client}/{self._prediction}/outcome"
        time.sleep(2 * PAUSE_SECONDS)  # until the decision's own events are through

    def ask(self) -> None:
        self._first = self._caller.once(self._path, self._told, self._key)

    def settle(self) -> None:
        again = self._path, self._told, self._key  # who has an answer does not ask again
        self._last = self._first or self._caller.until_answered(*again)

    def broken(self) -> Iterator[str]:
        stored = [one for one in self._caller.records(self._client) if "outcome" in one]
        if self._last is None:
            yield "no answer"
        if not is_as_sent(stored, self._told | told_at(self._last)):
            yield f"{len(stored)} stored outcomes"
        if not hears(self._bank, "outcomeId", self._prediction):
            yield "no event tells of the outcome"


class KilledDeploy:
    """An upload to the model bucket: that version answers by itself, after the restart."""

    name = "deploy, and the process is killed"
    functions: tuple[str, ...] = ("createEndpointModel", "endpointChanged")
    dies_seconds, guards_out, most = DIES_SECONDS, EVENTS, EVERY
    repeats = False

    def __init__(self, bank: BankProcess, body: dict[str, Any]) -> None:
        self._bank, self._versions = bank, Versions(2038)
        live, s3 = self._live(), aws(bank, "s3")
        key = f"verified/{MODEL}/{live.rpartition('-')[2]}/model.tar.gz"
        self._artifact = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def before(self) -> None:
        self._version = self._versions.next()

    def ask(self) -> None:
        """Upload once: a function that is killed has its event, so the upload is on disk."""
        with suppress(BotoCoreError):  # killed before the answer
            aws(self._bank, "s3").put_object(
                Bucket=BUCKET,
                Key=f"appvengers/{MODEL}/{self._version}/model.tar.gz",
                Body=reversioned(self._artifact, self._version),
            )

    def settle(self) -> None:
        until = time.monotonic() + DEPLOYED_SECONDS
        while [*self.broken()] and time.monotonic() < until:
            time.sleep(PAUSE_SECONDS)

    def broken(self) -> Iterator[str]:
        if (live := self._live().rpartition("-")[2]) != self._version:
            yield f"{live} answers, not {self._version}"
        if not notices(self._bank, IN_SERVICE, MODEL, self._version):
            yield "the operator was not told"

    def _live(self) -> str:
        """Return the configuration that answers; none while the endpoint changes."""
        sagemaker = aws(self._bank, "sagemaker")
        found = sagemaker.describe_endpoint(EndpointName=f"dev-appvengers-{MODEL}")
        is_there = found["EndpointStatus"] == "InService"
        return str(found["EndpointConfigName"]) if is_there else "none"


class KilledRollBack(KilledDeploy):
    """POST /people/models/…/rollback: the former version answers, and one act is recorded."""

    name = "roll back, and the process is killed"
    functions = ("api_handler", "createEndpointModel", "endpointChanged")
    guards_out = "", "acts"

    def __init__(self, bank: BankProcess, body: dict[str, Any]) -> None:
        super().__init__(bank, body)
        self._operator = Operator(bank)

    def before(self) -> None:
        """Deploy two versions, and choose the first."""
        former, self._version = self._deployed(), self._deployed()
        self._told_before = len(notices(self._bank, IN_SERVICE, MODEL, former))
        self._version, self._reason = former, f"drill {uuid.uuid4().hex}"

    def ask(self) -> None:
        """Ask until it is answered: the same words are one act."""
        body = {"version": self._version, "reason": self._reason}
        self._answer = self._operator.ask("POST", f"/models/{MODEL}/rollback", body)

    def settle(self) -> None:
        until = time.monotonic() + DEPLOYED_SECONDS
        while [*self.broken()] and time.monotonic() < until:
            if self._answer is None or self._answer.status_code != 200:
                self.ask()
            time.sleep(PAUSE_SECONDS)

    def broken(self) -> Iterator[str]:
        if (live := self._live().rpartition("-")[2]) != self._version:
            yield f"{live} answers, not {self._version}"
        told = notices(self._bank, IN_SERVICE, MODEL, self._version)
        if len(told) <= self._told_before:
            yield "the operator was not told"
        if (acts := self._acts()) != 1:
            yield f"{acts} recorded rollbacks"

    def _deployed(self) -> str:
        """Upload a version, and return it once it answers."""
        self._version = self._versions.next()
        super().ask()
        until = time.monotonic() + DEPLOYED_SECONDS
        while broken := [*super().broken()]:
            assert time.monotonic() < until, broken
            time.sleep(PAUSE_SECONDS)
        return self._version

    def _acts(self) -> int:
        """Return how many acts of the rollback are recorded."""
        s3, place = aws(self._bank, "s3"), f"{MODEL_ACT_PREFIX}{MODEL}/"
        found = s3.list_objects_v2(Bucket=DATA, Prefix=place).get("Contents", [])
        acts = (s3.get_object(Bucket=DATA, Key=one["Key"])["Body"] for one in found)
        return sum(json.load(one).get("reason") == self._reason for one in acts)
