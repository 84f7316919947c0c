"""What clients were answered, and whether a bank that was killed still says the same."""

import collections
import json
import random
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infrastructure import embedded
from tests.drills.bank_process import BankProcess

CLIENTS = 8
BUCKET = "dev-appvengers-data"


@dataclass
class Answered:
    """By prediction id, idempotency key, object. `undecided`: keys that were answered 503."""

    decisions: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_key: dict[str, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)
    undecided: dict[str, dict[str, Any]] = field(default_factory=dict)
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    statuses: collections.Counter[str] = field(default_factory=collections.Counter)
    odd: list[str] = field(default_factory=list)


class Clients:
    """Eight clients that predict, tell outcomes and upload files until they are stopped."""

    def __init__(self, bank: BankProcess, bodies: list[dict[str, Any]]) -> None:
        self.answered = Answered()
        self._bank = bank
        self._bodies = bodies
        self._ended = threading.Event()
        self._writing = threading.Lock()
        self._pool = ThreadPoolExecutor(CLIENTS)
        self._running = [self._pool.submit(self._work, n) for n in range(CLIENTS)]

    def stop(self) -> Answered:
        """Raises whatever went wrong in a client."""
        self._ended.set()
        for one in self._running:
            one.result()
        self._pool.shutdown()
        return self.answered

    def _work(self, seed: int) -> None:
        chance = random.Random(seed)
        s3 = s3_of(self._bank)
        headers = {"x-api-key": self._bank.api_key}
        with requests.Session() as session:
            session.headers.update(headers)
            while not self._ended.is_set():
                try:
                    self._predict(session, chance)
                    if chance.random() < 0.2:
                        self._tell(session, chance)
                    if chance.random() < 0.2:
                        self._upload(s3)
                except requests.ConnectionError:  # it was killed
                    return

    def _predict(self, session: requests.Session, chance: random.Random) -> None:
        body, key = chance.choice(self._bodies), uuid.uuid4().hex
        keyed = chance.random() < 0.7
        headers = {"Idempotency-Key": key} if keyed else {}
        response = session.post(f"{self._bank.url}/predict", json=body, headers=headers, timeout=60)
        with self._writing:
            self._count("predict", response)
            if response.status_code == 200:
                answer = response.json()
                self.answered.decisions[answer["predictionId"]] = answer
                if keyed:
                    self.answered.by_key[key] = body, answer
            elif keyed:
                self.answered.undecided[key] = body

    def _tell(self, session: requests.Session, chance: random.Random) -> None:
        with self._writing:
            decided = self.answered.decisions.values()
            known = [answer for answer in decided if answer["decision"] == "APPROVE"]
        if not known:
            return
        decision = chance.choice(known)
        path = f"/predictions/{decision['clientId']}/{decision['predictionId']}/outcome"
        outcome = {"outcome": "paid", "when": decision["createdAt"][:10]}
        response = session.post(f"{self._bank.url}{path}", json=outcome, timeout=60)
        with self._writing:
            self._count("outcome", response)
            if response.status_code == 200:
                self.answered.outcomes[decision["predictionId"]] = response.json()

    def _upload(self, s3: Any) -> None:
        name, body = f"drill/{uuid.uuid4().hex}", uuid.uuid4().bytes * 500
        try:
            s3.put_object(Bucket=BUCKET, Key=name, Body=body)
        except ClientError as error:
            said = f"upload {error.response['ResponseMetadata']['HTTPStatusCode']}"
        except BotoCoreError:
            said = "upload without an answer"
        else:
            said = "upload 200"
            self.answered.objects[name] = body
        with self._writing:
            self.answered.statuses[said] += 1

    def _count(self, what: str, response: requests.Response) -> None:
        self.answered.statuses[f"{what} {response.status_code}"] += 1
        problem = response.headers["Content-Type"] == "application/problem+json"
        if response.status_code not in (200, 503) or (response.status_code == 503) != problem:
            self.answered.odd.append(f"{what}: {response.status_code} {response.text}")


def s3_of(bank: BankProcess) -> Any:
    once = Config(retries={"total_max_attempts": 1}, read_timeout=60)
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{bank.aws_port}",
        aws_access_key_id=embedded.CLIENT["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=embedded.CLIENT["AWS_SECRET_ACCESS_KEY"],
        config=once,
    )


def differences(answered: Answered, bank: BankProcess) -> list[str]:
    """Each answer that the bank does not give any more."""
    with requests.Session() as session:
        session.headers["x-api-key"] = bank.api_key
        return [
            *_decisions(answered, bank, session),
            *_keys(answered, bank, session),
            *_objects(answered, bank),
        ]


def _decisions(answered: Answered, bank: BankProcess, session: requests.Session) -> Iterator[str]:
    for name, answer in answered.decisions.items():
        path = f"/predictions/{answer['clientId']}/{name}"
        stored = session.get(f"{bank.url}{path}", timeout=60).json()
        if {field: stored.get(field) for field in answer} != answer:
            yield f"decision {name}: {json.dumps(stored)[:200]}"
        told = answered.outcomes.get(name)
        if told and told["toldAt"] not in [one["toldAt"] for one in stored["outcomes"]]:
            yield f"outcome of {name}: {stored['outcomes']}"


def _keys(answered: Answered, bank: BankProcess, session: requests.Session) -> Iterator[str]:
    for key, (body, answer) in answered.by_key.items():
        if (again := _again(session, bank, key, body)) != answer:
            yield f"key {key}: {again}"
    for key, body in answered.undecided.items():
        if (first := _again(session, bank, key, body)) != _again(session, bank, key, body):
            yield f"key {key}, undecided before: {first}"


def _objects(answered: Answered, bank: BankProcess) -> Iterator[str]:
    s3 = s3_of(bank)
    for name, content in answered.objects.items():
        try:
            if s3.get_object(Bucket=BUCKET, Key=name)["Body"].read() != content:
                yield f"object {name}"
        except ClientError as error:
            yield f"object {name}: {error}"


def _again(session: requests.Session, bank: BankProcess, key: str, body: Any) -> Any:
    """Repeat a request until its analysis does not go on any more."""
    headers = {"Idempotency-Key": key}
    while True:
        again = session.post(f"{bank.url}/predict", json=body, headers=headers, timeout=60)
        if again.status_code != 202:
            return again.json()
        time.sleep(1)
