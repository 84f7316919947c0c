"""Memory, restart and pages of a bank with many stored decisions: `make bench-memory`."""

import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import requests
from rich.console import Console

from bench.long_run.bank_clients import BankClients
from bench.long_run.rare_work import watch_drift
from bench.long_run.seeding import BUSY_CLIENT, seed
from bench.rounds import KILOBYTE, MEGABYTE, Serving, serve
from bench.servers.contestants import Body, Contestant, Place, Prepared
from bench.servers.server_process import free_ports

REAL = 200  # decisions that the bank makes itself: the seeded ones are their copies
ASKED = 20  # times that each page is asked for
DECIDED = 500  # decisions between the two readings of memory, and before the first


class Took(NamedTuple):
    """Seconds, and the processor seconds of the server's process tree in them."""

    seconds: float
    processor: float

    @property
    def milliseconds(self) -> str:
        return f"{1000 * self.seconds:,.0f} ({1000 * self.processor:,.0f})"

    def __str__(self) -> str:
        return f"{self.seconds:.1f} ({self.processor:.1f})"


@dataclass(frozen=True)
class Stored:
    """Figures of a bank with so many stored decisions. Megabytes of its file and of its process
    tree, kilobytes that memory grows by a decision.
    """

    decisions: int
    file: float
    start: Took  # until the first answer of POST /predict
    memory: float  # after pages and predictions
    history: Took
    days: Took
    drift: Took  # watchDrift, which reads a week
    predict: Took
    growth: float
    after_drift: float  # megabytes; the function watchDrift runs in the bank's process

    def shown(self) -> str:
        return (
            f"{self.decisions:>9,} decisions  start {self.start} s  memory {self.memory:,.0f} MB  "
            f"history {self.history.milliseconds} ms  days {self.days.milliseconds} ms  drift "
            f"{self.drift} s  predict {self.predict.milliseconds} ms  {self.growth:.1f} KB each"
        )


def measured(
    bank: Contestant,
    prepared: Prepared,
    bodies: Sequence[Body],
    counts: Sequence[int],
    work: Path,
    console: Console,
) -> list[Stored]:
    """Measure a bank of each size, the smallest first: each is seeded from the one before."""
    shutil.rmtree(work, ignore_errors=True)
    with serve(bank, Place(_port(), work / "bank", prepared), bodies[0]) as serving:
        for number in range(REAL):
            _predict(serving, bodies[number % len(bodies)], f"real-{number}")
    grown = Prepared(prepared.environments, work / "bank", prepared.artifacts, prepared.pipelines)
    found = []
    for count in sorted(counts):
        with console.status(f"Seeding {count:,} decisions"):
            seed(grown.bank, count)
        with console.status(f"Measuring a bank of {count:,} decisions"):
            place = Place(_port(), work / "measured", grown)
            found.append(_measured(bank, place, bodies, count))
        shutil.rmtree(place.folder)
        console.print(found[-1].shown())
    return found


def _measured(bank: Contestant, place: Place, bodies: Sequence[Body], count: int) -> Stored:
    with serve(bank, place, bodies[0]) as serving:
        started = Took(serving.start_seconds, serving.process.costs().processor_seconds)
        history = _took(serving, lambda: _listed(serving, f"predictions/{BUSY_CLIENT}"))
        days = _took(serving, lambda: _listed(serving, "decisions"))
        _took(serving, lambda: _predict(serving, bodies[0], "warm"), DECIDED)
        before = serving.process.costs().memory
        predict = _took(serving, lambda: _predict(serving, bodies[1], "measured"), DECIDED)
        after = serving.process.costs().memory
        drift = _took(serving, lambda: watch_drift(BankClients(serving, place)), 1)
        return Stored(
            decisions=count,
            file=(place.folder / bank.database).stat().st_size / MEGABYTE,
            start=started,
            memory=after / MEGABYTE,
            history=history,
            days=days,
            drift=drift,
            predict=predict,
            growth=(after - before) / KILOBYTE / DECIDED,
            after_drift=serving.process.costs().memory / MEGABYTE,
        )


def _predict(serving: Serving, body: Body, client: str) -> None:
    asked = {**body, "clientId": client}
    _good(requests.post(serving.url, json=asked, headers=serving.headers, timeout=60))


def _listed(serving: Serving, path: str) -> None:
    """Ask for the newest page, and for the one after it."""
    url = serving.url.replace("predict", path)
    page = _good(requests.get(url, {"limit": 50}, headers=serving.headers, timeout=60))
    if page["next"]:
        following: dict[str, Any] = {"limit": 50, "cursor": page["next"]}
        _good(requests.get(url, following, headers=serving.headers, timeout=60))


def _good(answer: requests.Response) -> Any:
    answer.raise_for_status()
    return answer.json()


def _took(serving: Serving, do: Callable[[], None], times: int = ASKED) -> Took:
    """Return the median of the seconds, and the mean of the processor seconds."""
    before = serving.process.costs().processor_seconds
    seconds = statistics.median(_seconds(do) for _ in range(times))
    return Took(seconds, (serving.process.costs().processor_seconds - before) / times)


def _seconds(do: Callable[[], None]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def _port() -> int:
    return free_ports(3)[0]
