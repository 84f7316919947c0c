"""Callers of an endpoint that is silent for 12 s, as in a cold start: who got what.

python -m tests.drills.cold_start RATE...      RATE in callers a second, as in 2 7

The bank runs with dev's concurrency, 3 places an endpoint. The process of the model that carries
0.8 of the weight is stopped, and callers go on coming until it answers again.
"""

import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import requests
from rich.console import Console

from bank.api import serving_api
from bank.embedded_bank import Bank, open_bank
from bank.first_run import body_of, bring
from chalicelib.services import services
from datasets.sba import SAMPLE, dataset_of
from infrastructure import embedded

API_KEY = "the-key-of-the-drill"
MODEL = "AppVengersAccelerator"
STOPPED_SECONDS = 12.0
STORED_SECONDS = 60.0
THREADS = 400


def result_of(url: str, body: dict[str, Any]) -> tuple[str, float]:
    """Return what a caller got in the end, and the seconds until the API's answer."""
    started, headers = time.monotonic(), {"x-api-key": API_KEY}
    answer = requests.post(f"{url}/predict", json=body, headers=headers, timeout=40)
    took = time.monotonic() - started
    if answer.status_code == 202:
        decided = _stored(f"{url}{answer.headers['Location']}", headers)
        return f"202, then {_models(decided)}", took
    return _models(answer.json()) if answer.status_code == 200 else str(answer.status_code), took


def _stored(address: str, headers: dict[str, str]) -> dict[str, Any]:
    until = time.monotonic() + STORED_SECONDS
    while time.monotonic() < until:
        answer = requests.get(address, headers=headers, timeout=30)
        if answer.status_code == 200:
            return dict(answer.json())
        time.sleep(0.5)
    return {}


def _models(decided: dict[str, Any]) -> str:
    if not decided:
        return "nothing stored"
    silent = [one["cause"] for one in decided["models"].values() if one["status"] != "OK"]
    return f"partial: {', '.join(silent)}, {decided['decision']}" if silent else "three models"


def drill(bank: Bank, url: str, bodies: list[dict[str, Any]], rate: float) -> None:
    """Stop the model, let callers come until it answers, and print what they got."""
    pid = bank.cloud.endpoints.worker_pid(f"dev-appvengers-{MODEL}")
    services.cache_clear()  # circuits that have seen no answer: after one this is no cold start
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(STOPPED_SECONDS, os.kill, (pid, signal.SIGCONT)).start()
    asked: list[Future[tuple[str, float]]] = []
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as callers:
        while time.monotonic() - began < STOPPED_SECONDS:
            asked.append(callers.submit(result_of, url, bodies[len(asked) % len(bodies)]))
            time.sleep(max(0, began + len(asked) / rate - time.monotonic()))
    results = [one.result() for one in asked]
    took = sorted(seconds for _, seconds in results)
    counted = Counter(result for result, _ in results)
    print(f"{rate:g} a second, {len(results)} callers: {dict(counted)}", flush=True)
    print(f"    answered after {statistics.median(took):.1f} s, at most {took[-1]:.1f} s")


def main(rates: list[float]) -> None:
    os.environ |= embedded.CLIENT
    dataset = dataset_of(pd.read_parquet(SAMPLE))
    bodies = [body_of(case) for case in dataset.cases()]
    with (
        tempfile.TemporaryDirectory() as folder,
        open_bank(Path(folder)) as bank,
        serving_api(bank, API_KEY, 0) as port,
    ):
        bring(bank, dataset, Console(quiet=True))
        for rate in rates:
            drill(bank, f"http://127.0.0.1:{port}", bodies, rate)


if __name__ == "__main__":
    main([float(one) for one in sys.argv[1:]] or [2, 7])
