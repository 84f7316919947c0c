"""Rounds of measurements: in each, every server is started alone, asked by each number of clients,
and stopped. Every other round has the opposite order.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from bench.report.measured import Figures, Measured, percentile
from bench.servers.contestants import Body, Contestant, Place
from bench.servers.server_process import Costs, ServerProcess, server
from infrastructure.project import ROOT

WARM_UP_SHARE = 0.25  # of the measured seconds, before them
KILOBYTE, MEGABYTE = 2**10, 2**20


class WrongAnswer(Exception):
    """An answer that is not the expected one, or a decision that was not stored."""


@dataclass(frozen=True)
class Question:
    """Requests to a server, and the answers that must come back."""

    bodies: list[Body]
    expected: list[Body]


@dataclass(frozen=True)
class Load:
    clients: Sequence[int]
    rounds: int
    seconds: float


@dataclass(frozen=True)
class Serving:
    """A contestant that has given its first answer."""

    contestant: Contestant
    process: ServerProcess
    url: str
    headers: dict[str, str]
    start_seconds: float
    generator: Path  # the Python that runs the generator of load


def ordered(contestants: Sequence[Contestant], number: int) -> list[Contestant]:
    """Return the order of a round: what runs late in one runs early in the next."""
    return [*contestants] if number % 2 == 0 else [*reversed(contestants)]


@contextmanager
def serve(contestant: Contestant, place: Place, asked: Body) -> Iterator[Serving]:
    """Start a server and yield it after its first answer to `asked`. Raises NotServing."""
    place.folder.mkdir(parents=True)
    command = contestant.command(place, contestant.workers)
    url = f"http://127.0.0.1:{place.port}{contestant.path}"
    headers: dict[str, str] = {}

    def has_answered() -> bool:
        headers.update(contestant.headers(place.folder))
        try:
            body = contestant.asked(asked)
            return requests.post(url, json=body, headers=headers, timeout=30).status_code == 200
        except requests.RequestException:
            return False

    began = time.monotonic()
    with server(command, contestant.environ(place), place.folder / "log") as process:
        process.wait_for(has_answered)
        seconds = time.monotonic() - began
        process.wait_for(lambda: process.has_logged(contestant.ready))
        generator = place.prepared.environments.programs("load") / "python"
        yield Serving(contestant, process, url, headers, seconds, generator)


def measure(
    contestant: Contestant,
    place: Place,
    question: Question,
    load: Load,
    report: Callable[[Measured], None],
) -> None:
    """Measure one start of a server by each number of clients. Raises WrongAnswer, NotServing."""
    answers = before = 0
    with serve(contestant, place, question.bodies[0]) as serving:
        before = contestant.count_stored(place.folder)
        for clients in load.clients:
            said, one = driven(serving, question, clients, load, answers)
            answers += said["answers"]
            report(one)
    if (stored := contestant.count_stored(place.folder) - before) != answers:
        raise WrongAnswer(f"{contestant.label}: {answers} answers, {stored} decisions on the disk")


def driven(
    serving: Serving, question: Question, clients: int, load: Load, first: int
) -> tuple[dict[str, Any], Measured]:
    """Drive a server; `first` is the number of the first application."""
    plan = {
        "url": serving.url, "headers": serving.headers, "clients": clients, "first": first,
        "seconds": load.seconds, "warmUpSeconds": load.seconds * WARM_UP_SHARE,
        "bodies": [serving.contestant.asked(one) for one in question.bodies],
        "expected": question.expected,
    }  # fmt: skip
    before = _Reading.of(serving.process)
    said = _generated(plan, serving.generator)
    after = _Reading.of(serving.process)
    if said["faults"]:
        shown = "\n".join(said["firstFaults"])
        raise WrongAnswer(f"{serving.contestant.label}: {said['faults']} wrong answers\n{shown}")
    figures = _figures(serving, said, before, after)
    return said, Measured(serving.contestant.name, clients, said["answers"], figures)


@dataclass(frozen=True)
class _Reading:
    """Seconds so far: the clock's, those of all processes, this one's; and the server's costs."""

    at: float
    busy: float
    own: float
    server: Costs

    @classmethod
    def of(cls, process: ServerProcess) -> "_Reading":
        times = psutil.cpu_times()
        busy = times.user + times.nice + times.system + times.irq + times.softirq
        return cls(time.monotonic(), busy, time.process_time(), process.costs())


def _generated(plan: dict[str, Any], python: Path) -> dict[str, Any]:
    """Run the generator of load, a process of its own."""
    done = subprocess.run(
        [python, "-m", "bench.load.generator"],
        cwd=ROOT,
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def _figures(serving: Serving, said: dict[str, Any], before: _Reading, after: _Reading) -> Figures:
    latencies, answers = [1000 * one for one in said["latencies"]], said["answers"]
    spent = after.server.processor_seconds - before.server.processor_seconds
    known = spent + said["processSeconds"] + after.own - before.own
    cores = psutil.cpu_count() or 1
    return Figures(
        p50=percentile(latencies, 0.50),
        p95=percentile(latencies, 0.95),
        p99=percentile(latencies, 0.99),
        rate=len(latencies) / said["wallSeconds"],
        cpu=1000 * spent / answers,
        memory=after.server.memory / MEGABYTE,
        growth=(after.server.memory - before.server.memory) / KILOBYTE / answers,
        start=serving.start_seconds,
        generator=1000 * said["ownSeconds"] / answers,
        others=max(after.busy - before.busy - known, 0) / (cores * (after.at - before.at)),
    )
