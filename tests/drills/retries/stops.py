"""Endpoints that stop and start: their process hangs, or they are deleted and made again."""

import os
import random
import signal
import threading
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infrastructure import embedded
from infrastructure.template.function_permissions.function_names import MODELS
from tests.drills.bank_process import BankProcess

PAUSE_SECONDS, STOPPED_SECONDS = (5.0, 20.0), (3.0, 20.0)
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)


class Stops:
    """Stops of one endpoint after another, in a thread, until the drill ends."""

    def __init__(self, bank: BankProcess) -> None:
        self.counts = {"hung": 0, "deleted": 0}
        self._bank = bank
        self._sagemaker: Any = boto3.client(
            "sagemaker",
            endpoint_url=f"http://127.0.0.1:{bank.aws_port}",
            aws_access_key_id=embedded.CLIENT["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=embedded.CLIENT["AWS_SECRET_ACCESS_KEY"],
            region_name="us-east-1",
            config=ONCE,
        )
        self._configs = {name: self._config(f"dev-appvengers-{name}") for name in MODELS}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()
        self._start_all()

    def _work(self) -> None:
        chance = random.Random(7)
        while not self._ended.wait(chance.uniform(*PAUSE_SECONDS)):
            self._start_all()
            seconds = chance.uniform(*STOPPED_SECONDS)
            if chance.random() < 0.5:
                self._hang(chance, seconds)
            else:
                self._delete(chance.choice(MODELS), seconds)

    def _hang(self, chance: random.Random, seconds: float) -> None:
        workers = [pid for pid in _children(self._bank.pid) if "model_worker" in _command(pid)]
        if not workers:
            return
        pid = chance.choice(workers)
        try:
            os.kill(pid, signal.SIGSTOP)
            self.counts["hung"] += 1
            self._ended.wait(seconds)
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:  # the server was killed, and its workers with it
            return

    def _delete(self, model: str, seconds: float) -> None:
        try:
            self._sagemaker.delete_endpoint(EndpointName=f"dev-appvengers-{model}")
            self.counts["deleted"] += 1
        except (ClientError, BotoCoreError):  # it is killed, or the endpoint is busy
            return
        self._ended.wait(seconds)
        self._start_all()

    def _start_all(self) -> None:
        """Make each endpoint that is gone again, also one whose deletion outlived a kill."""
        for model, config in self._configs.items():
            name = f"dev-appvengers-{model}"
            try:
                self._config(name)
            except ClientError:
                self._start(name, config)
            except BotoCoreError:
                return

    def _start(self, name: str, config: str) -> None:
        try:
            self._sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        except (ClientError, BotoCoreError) as error:
            print(f"  {name} was not made again: {error}", flush=True)

    def _config(self, name: str) -> str:
        return str(self._sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"])


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            found += [int(one) for one in (task / "children").read_text().split()]
        except OSError:  # the thread has ended
            continue
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
