"""Endurance of a bank under mixed load: `make soak`. Memory, threads, files and p99 stay flat."""

import shutil
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console

from bench.long_run.bank_clients import BankClients
from bench.long_run.mixed_load import MixedLoad
from bench.report.measured import percentile
from bench.rounds import MEGABYTE, serve
from bench.servers.contestants import Body, Contestant, Place, Prepared
from bench.servers.server_process import free_ports

A_SAMPLE = 10.0  # seconds
WARM = 0.2  # a share of the time, which is not judged
# Shares of the time at which a retraining starts: once to warm up, then with the first third that
# is judged and with the last, so that like is held against like.
RETRAINED = 0.0, WARM, WARM + (1 - WARM) * 2 / 3
SHOWN = 5  # errors
# How much the last third may be above the first: a share, and for what is counted in ones, ones.
MEMORY, THREADS, FILES, P99 = 1.05, 1.1, 1.1, 2.0


@dataclass(frozen=True)
class Sample:
    """The bank's process at a moment: megabytes, threads, open files, and the p99 of POST /predict
    in milliseconds since the sample before.
    """

    seconds: float
    memory: float
    threads: int
    files: int
    p99: float


@dataclass(frozen=True)
class Soaked:
    minutes: float
    answers: dict[str, int]
    errors: list[str]
    samples: list[Sample]

    def thirds(self, name: str) -> tuple[float, float]:
        """Return the medians of a figure in the first and the last third, without warming up."""
        judged = [one for one in self.samples if one.seconds >= WARM * 60 * self.minutes]
        third = max(len(judged) // 3, 1)
        values = [float(getattr(one, name)) for one in judged]
        return statistics.median(values[:third]), statistics.median(values[-third:])

    def faults(self) -> list[str]:
        """Return a sentence for each figure that is not flat, and for errors."""
        limits = {"memory": MEMORY, "threads": THREADS, "files": FILES, "p99": P99}
        found = [f"{len(self.errors)} errors: {'; '.join(self.errors[:SHOWN])}"] * bool(self.errors)
        for name, limit in limits.items():
            first, last = self.thirds(name)
            if last > limit * first:
                found.append(f"{name} grew from {first:.0f} to {last:.0f}")
        return found


def soaked(
    bank: Contestant,
    prepared: Prepared,
    bodies: Sequence[Body],
    loans: Sequence[str],
    minutes: float,
    work: Path,
    console: Console,
) -> Soaked:
    """Load a bank for so long. `loans` are files of loans decided elsewhere, with their outcomes,
    as CSV: one a retraining.
    """
    shutil.rmtree(work, ignore_errors=True)
    place = Place(free_ports(3)[0], work / "soak", prepared)
    samples: list[Sample] = []
    with serve(bank, place, bodies[0]) as serving:
        load = MixedLoad(BankClients(serving, place), bodies)
        load.start()
        process, began = psutil.Process(serving.process.pid), time.monotonic()
        retrainings = [*zip(RETRAINED, loans, strict=True)]
        while (passed := time.monotonic() - began) < 60 * minutes:
            time.sleep(A_SAMPLE)
            serving.process.require_running()
            samples.append(_sample(process, time.monotonic() - began, load))
            console.print(_shown(samples[-1], load))
            is_due = retrainings and passed > retrainings[0][0] * 60 * minutes
            if is_due and load.has_retrained(retrainings[0][1]):
                retrainings.pop(0)
        load.end()
    return Soaked(minutes, dict(load.answers), load.errors, samples)


def _sample(process: psutil.Process, seconds: float, load: MixedLoad) -> Sample:
    latencies, load.latencies = load.latencies, []
    used = process.memory_full_info()
    return Sample(
        seconds,
        getattr(used, "pss", used.uss) / MEGABYTE,
        process.num_threads(),
        process.num_fds(),
        1000 * percentile(latencies, 0.99) if latencies else 0.0,
    )


def _shown(one: Sample, load: MixedLoad) -> str:
    said = ", ".join(f"{count} {what}s" for what, count in sorted(load.answers.items()))
    return (
        f"{one.seconds:5.0f} s  {one.memory:5.0f} MB  {one.threads} threads  {one.files} files  "
        f"p99 {one.p99:4.0f} ms  {len(load.errors)} errors  {said}"
    )
