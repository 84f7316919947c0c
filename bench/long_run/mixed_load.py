"""Mixed load on a bank: what its clients, its people and its files ask of it at the same time."""

import json
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import requests
from botocore.exceptions import BotoCoreError, ClientError

from bench.long_run import rare_work
from bench.long_run.bank_clients import BankClients
from bench.servers.contestants import Body
from infrastructure.first_models.first_model_steps import scheduled_event

PREDICTING = 2  # clients that wait for nothing
REMEMBERED = 2_000  # decisions that others read, and tell outcomes of
FAULTS = requests.RequestException, BotoCoreError, ClientError, rare_work.WrongResult
UPDATE_DATA, DATA_BUCKET = "appvengers-dev-updateData", "dev-appvengers-data"


class MixedLoad:
    """Threads that ask until `end`. Each answer is counted, and each that is an error is kept."""

    def __init__(self, clients: BankClients, bodies: Sequence[Body]) -> None:
        self.answers: Counter[str] = Counter()
        self.errors: list[str] = []
        self.latencies: list[float] = []  # of POST /predict, since they were last taken
        self._clients = clients
        self._bodies = bodies
        self._reported: list[str] = []
        self._decided: deque[Body] = deque(maxlen=REMEMBERED)
        self._counting = threading.Lock()
        self._ended = threading.Event()
        roles = [
            *[self._predict] * PREDICTING,
            self._paced(0.2, self._read),
            self._paced(0.5, self._tell),
            self._paced(30, self._upload),
            self._paced(45, self._update_endpoint),
            self._paced(60, self._decide_a_batch),
            self._paced(20, self._erase),
            self._paced(60, self._watch_drift),
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
            self._clients.aws("s3").put_object(Bucket=DATA_BUCKET, Key=key, Body=loans.encode())
            self._reported.append(loans)
        event = json.dumps(scheduled_event(datetime.now(UTC)))
        answer = self._clients.aws("lambda").invoke(FunctionName=UPDATE_DATA, Payload=event)
        if json.load(answer["Payload"])["done"] != "started":
            return False
        self._count("retraining")
        return True

    def _again(self, do: Callable[[random.Random], None], numbers: random.Random) -> None:
        while not self._ended.is_set():
            try:
                do(numbers)
            except FAULTS as fault:
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
        answer = self._clients.ask("POST", "predict", body)
        self.latencies.append(time.perf_counter() - began)
        self._decided.append(answer)
        self._count("prediction")
        if silent := [name for name, one in answer["models"].items() if one["status"] != "OK"]:
            self.errors.append(f"{datetime.now(UTC):%H:%M:%S} silent: {', '.join(silent)}")

    def _read(self, numbers: random.Random) -> None:
        with suppress(IndexError):
            one = numbers.choice(self._decided)
            self._clients.ask("GET", f"predictions/{one['clientId']}")
            self._clients.ask("GET", f"predictions/{one['clientId']}/{one['predictionId']}")
            self._clients.ask("GET", "decisions?limit=20")
            self._count("page")

    def _tell(self, numbers: random.Random) -> None:
        with suppress(IndexError):
            one = numbers.choice(self._decided)
            if one["decision"] == "APPROVE":
                path = f"predictions/{one['clientId']}/{one['predictionId']}/outcome"
                self._clients.ask("POST", path, {"outcome": "paid", "when": one["createdAt"][:10]})
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
            self._clients.aws("s3").put_object(Bucket=DATA_BUCKET, Key=key, Body=text.encode())
            self._count("upload")

    def _update_endpoint(self, numbers: random.Random) -> None:
        """Deploy the version in service once more, if the endpoint is not changing anyway."""
        sagemaker = self._clients.aws("sagemaker")
        name = numbers.choice(sagemaker.list_endpoints()["Endpoints"])["EndpointName"]
        there = sagemaker.describe_endpoint(EndpointName=name)
        if there["EndpointStatus"] == "InService":
            sagemaker.update_endpoint(
                EndpointName=name, EndpointConfigName=there["EndpointConfigName"]
            )
            self._count("endpoint update")

    def _decide_a_batch(self, numbers: random.Random) -> None:
        rare_work.decide_a_batch(self._clients, self._bodies, numbers)
        self._count("batch run")

    def _erase(self, numbers: random.Random) -> None:
        rare_work.erase_a_client(self._clients, self._bodies, numbers)
        self._count("erasure")

    def _watch_drift(self, _numbers: random.Random) -> None:
        rare_work.watch_drift(self._clients)
        self._count("drift report")

    def _count(self, what: str) -> None:
        with self._counting:
            self.answers[what] += 1
