"""Callers of an endpoint that answers now and then: how long they wait, and what they get.

python -m tests.drills.stuttering [SECONDS]

The process of the model that carries 0.8 of the weight is stopped and let run, in turn. Clients
send one application after another.
"""

import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from bank.api import serving_api
from bank.embedded_bank import open_bank
from bank.first_run import body_of, bring
from chalicelib.services import services
from datasets.sba import SAMPLE, dataset_of
from infrastructure import embedded
from tests.drills.cold_start import API_KEY, MODEL, result_of

CLIENTS = 3
PATTERNS = ((14.0, 0.4), (7.0, 1.5))  # seconds stopped, seconds running
PAUSE_SECONDS = 0.2  # of a client that was answered: an open circuit answers in milliseconds


def drill(pid: int, url: str, bodies: list[dict[str, Any]], seconds: float) -> None:
    """Let the model stutter in each pattern, and print what the clients got."""
    for stopped, running in PATTERNS:
        services.cache_clear()  # a new container of the function, whose circuits are closed
        result_of(url, bodies[0])  # the endpoint is warm
        ended = threading.Event()
        stutter = threading.Thread(target=_stutter, args=(pid, stopped, running, ended))
        stutter.start()
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(CLIENTS) as clients:
            asked = [clients.submit(_ask, url, bodies, until) for _ in range(CLIENTS)]
        ended.set()
        stutter.join()
        results = [result for one in asked for result in one.result()]
        took = sorted(seconds for _, seconds in results)
        print(f"stopped {stopped:g} s, running {running:g} s, {len(results)} answers:", flush=True)
        print(f"    {dict(Counter(result for result, _ in results))}")
        slow = sum(1 for one in took if one > 2)
        print(f"    median {statistics.median(took):.1f} s, at most {took[-1]:.1f} s, ", end="")
        print(f"{slow} waited for more than 2 s, {sum(took):.0f} s in all")


def _stutter(pid: int, stopped: float, running: float, ended: threading.Event) -> None:
    while not ended.is_set():
        os.kill(pid, signal.SIGSTOP)
        ended.wait(stopped)
        os.kill(pid, signal.SIGCONT)
        ended.wait(running)


def _ask(url: str, bodies: list[dict[str, Any]], until: float) -> list[tuple[str, float]]:
    results = []
    while time.monotonic() < until:
        results.append(result_of(url, bodies[len(results) % len(bodies)]))
        time.sleep(PAUSE_SECONDS)
    return results


def main(seconds: float) -> None:
    os.environ |= embedded.CLIENT
    dataset = dataset_of(pd.read_parquet(SAMPLE))
    bodies = [body_of(case) for case in dataset.cases()]
    with (
        tempfile.TemporaryDirectory() as folder,
        open_bank(Path(folder)) as bank,
        serving_api(bank, API_KEY, 0) as port,
    ):
        bring(bank, dataset, Console(quiet=True))
        pid = bank.cloud.endpoints.worker_pid(f"dev-appvengers-{MODEL}")
        drill(pid, f"http://127.0.0.1:{port}", bodies, seconds)


if __name__ == "__main__":
    main(*[float(one) for one in sys.argv[1:]] or [60.0])
