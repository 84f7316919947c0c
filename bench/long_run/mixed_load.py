"""Mixed load on a bank: what its clients, its people and its files ask of it at the same time."""

import json
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bench.rounds import Serving
from bench.servers.contestants import Body
from infrastructure.embedded import CLIENT
from infrastructure.first_models.first_model_steps import scheduled_event

PREDICTING = 2  # clients that wait for nothing
REMEMBERED = 2_000  # decisions that others read, and tell outcomes of
UPDATE_DATA, DATA_BUCKET = "appvengers-dev-updateData", "dev-appvengers-data"


class MixedLoad:
    """Threads that ask until `end`. Each answer is counted, and each that is an error is kept."""

    def __init__(self, serving: Serving, aws_port: int, bodies: Sequence[Body]) -> None:
        self.answers: Counter[str] = Counter()
        self.errors: list[str] = []
        self.latencies: list[float] = []  # of POST /predict, since they were last taken
        self._serving = serving
        self._bodies = bodies
        self._reported: list[str] = []
        self._aws_port = aws_port
        self._decided: deque[Body] = deque(maxlen=REMEMBERED)
        self._counting = threading.Lock()
        self._ended = threading.Event()
        roles = [
            *[self._predict] * PREDICTING,
            self._paced(0.2, self._read),
            self._paced(0.5, self._tell),
            self._paced(30, self._upload),
            self._paced(45, self._update_endpoint),
        ]
        self._threads = [
            threading.Thread(target=self._again, args=(role, random.Random(number)), daemon=True)
            for number, role in enumerate(roles)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def has_retrained(self, loans: str) -> bool:
        """Upload loans that were decided elsewhere, and let updateData see them. Return whether it
        started a retraining; it does not while one is running.
        """
        if loans not in self._reported:
            key = f"credit/newData/soak-loans-{len(self._reported)}.csv"
            self._aws("s3").put_object(Bucket=DATA_BUCKET, Key=key, Body=loans.encode())
            self._reported.append(loans)
        event = json.dumps(scheduled_event(datetime.now(UTC)))
        answer = self._aws("lambda").invoke(FunctionName=UPDATE_DATA, Payload=event)
        if json.load(answer["Payload"])["done"] != "started":
            return False
        self._count("retraining")
        return True

    def _again(self, do: Callable[[random.Random], None], numbers: random.Random) -> None:
        while not self._ended.is_set():
            try:
                do(numbers)
            except (requests.RequestException, BotoCoreError, ClientError) as fault:
                self.errors.append(f"{datetime.now(UTC):%H:%M:%S} {fault}"[:300])

    def _paced(
        self, seconds: float, do: Callable[[random.Random], None]
    ) -> Callable[[random.Random], None]:
        def paced(numbers: random.Random) -> None:
            if not self._ended.wait(seconds):
                do(numbers)

        return paced

    def _predict(self, numbers: random.Random) -> None:
        client = f"soak-{numbers.randrange(5_000)}"
        body = {**numbers.choice(self._bodies), "clientId": client}
        began = time.perf_counter()
        answer = self._ask("POST", "predict", body)
        self.latencies.append(time.perf_counter() - began)
        self._decided.append(answer)
        self._count("prediction")
        if silent := [name for name, one in answer["models"].items() if one["status"] != "OK"]:
            self.errors.append(f"{datetime.now(UTC):%H:%M:%S} silent: {', '.join(silent)}")

    def _read(self, numbers: random.Random) -> None:
        with suppress(IndexError):
            one = numbers.choice(self._decided)
            self._ask("GET", f"predictions/{one['clientId']}")
            self._ask("GET", f"predictions/{one['clientId']}/{one['predictionId']}")
            self._ask("GET", "decisions?limit=20")
            self._count("page")

    def _tell(self, numbers: random.Random) -> None:
        with suppress(IndexError):
            one = numbers.choice(self._decided)
            if one["decision"] == "APPROVE":
                path = f"predictions/{one['clientId']}/{one['predictionId']}/outcome"
                self._ask("POST", path, {"outcome": "paid", "when": one["createdAt"][:10]})
                self._count("outcome")

    def _upload(self, numbers: random.Random) -> None:
        with suppress(IndexError):
            found = {(one["clientId"], one["predictionId"]): one for one in [*self._decided][-50:]}
            rows = [
                f"{client},{name},paid,{one['createdAt'][:10]}"
                for (client, name), one in found.items()
                if one["decision"] == "APPROVE"
            ]
            text = "\n".join(["clientId,predictionId,outcome,when", *rows])
            key = f"credit/newData/soak-{numbers.getrandbits(40):x}.csv"
            self._aws("s3").put_object(Bucket=DATA_BUCKET, Key=key, Body=text.encode())
            self._count("upload")

    def _update_endpoint(self, numbers: random.Random) -> None:
        """Deploy the version in service once more, if the endpoint is not changing anyway."""
        sagemaker = self._aws("sagemaker")
        name = numbers.choice(sagemaker.list_endpoints()["Endpoints"])["EndpointName"]
        there = sagemaker.describe_endpoint(EndpointName=name)
        if there["EndpointStatus"] == "InService":
            sagemaker.update_endpoint(
                EndpointName=name, EndpointConfigName=there["EndpointConfigName"]
            )
            self._count("endpoint update")

    def _ask(self, method: str, path: str, body: Body | None = None) -> Any:
        url = self._serving.url.replace("predict", path)
        answer = requests.request(method, url, json=body, headers=self._serving.headers, timeout=60)
        if answer.status_code >= 300:
            raise requests.HTTPError(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer.json()

    def _count(self, what: str) -> None:
        with self._counting:
            self.answers[what] += 1

    def _aws(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=f"http://127.0.0.1:{self._aws_port}",
            region_name=CLIENT["AWS_DEFAULT_REGION"],
            aws_access_key_id=CLIENT["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CLIENT["AWS_SECRET_ACCESS_KEY"],
            config=Config(read_timeout=300, retries={"total_max_attempts": 1}),
        )
