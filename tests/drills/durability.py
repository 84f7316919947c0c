"""Durability under real faults: python -m tests.drills.durability [runs] [which]

Eight clients write while the disk is full for 3 s, for 20 s and for good, or another process locks
the database for 20 s. Then the bank is killed, started again, and asked for all that it answered.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import requests

from bank.first_run import body_of
from datasets.sba import SAMPLE, dataset_of
from tests.drills.answered import Answered, Clients, differences, s3_of
from tests.drills.bank_process import BankProcess, bank_process
from tests.drills.faults import Disk, locked, small_disk
from tests.workflow.conftest import reversioned

MODEL, MODELS = "Tradicional", "dev-appvengers-createendpointmodel"
UPLOAD_SECONDS, DEPLOY_SECONDS = 0.8, 60.0
BEFORE_SECONDS, AFTER_SECONDS = 1.0, 2.0
FIRST_LINE = "Nothing can be stored"


@dataclass(frozen=True)
class Ended:
    answered: Answered
    lost: list[str]
    said: str
    refusal: str  # on the disk that is still full
    restart_seconds: float


Fault = Callable[[BankProcess, Disk, float | None], Callable[[], None]]


def full_disk(bank: BankProcess, disk: Disk, seconds: float | None) -> Callable[[], None]:
    """Fill the disk, and free it some seconds after a write failed. Return the end of it."""
    disk.fill(bank.pid)
    _wait_for_the_line(bank)
    time.sleep(seconds or 5.0)
    if seconds:
        disk.free(bank.pid)
    return lambda: disk.free(bank.pid)


def locked_database(bank: BankProcess, _: Disk, seconds: float | None) -> Callable[[], None]:
    with locked(bank.folder / "cloud.sqlite"):
        time.sleep(seconds or 20)
    return lambda: None


def _wait_for_the_line(bank: BankProcess) -> None:
    """SQLite's log has some room of its own."""
    began = time.monotonic()
    while FIRST_LINE not in bank.said():
        assert time.monotonic() < began + 60, "the disk is full, and nothing fails"
        time.sleep(0.1)


def drill(
    bank: BankProcess,
    disk: Disk,
    bodies: list[dict[str, Any]],
    fault: Fault,
    seconds: float | None,
) -> Ended:
    """One run on a bank that serves; it serves again at the end."""
    clients = Clients(bank, bodies)
    time.sleep(BEFORE_SECONDS)
    at_last = fault(bank, disk, seconds)
    time.sleep(AFTER_SECONDS if seconds else 0)
    bank.kill()
    said, answered = bank.said(), clients.stop()
    refusal = "" if seconds else bank.refuses()
    at_last()
    began = time.monotonic()
    bank.start()
    restart = time.monotonic() - began
    return Ended(answered, differences(answered, bank), said, refusal, restart)


def killed_after_an_upload(bank: BankProcess, run: int) -> str:
    """Upload a model's artifact, kill the bank 0.8 s after the answer, start it. Return the version
    that answers; it should be the uploaded one."""
    s3, version = s3_of(bank), f"2030{run:02}01T000000"
    headers = {"x-api-key": bank.api_key}
    live = requests.get(f"{bank.url}/models", headers=headers, timeout=60).json()["models"][MODEL]
    verified = f"verified/{MODEL}/{live['version']}/model.tar.gz"
    body = s3.get_object(Bucket=MODELS, Key=verified)["Body"].read()
    key = f"appvengers/{MODEL}/{version}/model.tar.gz"
    s3.put_object(Bucket=MODELS, Key=key, Body=reversioned(body, version))
    time.sleep(UPLOAD_SECONDS)
    bank.kill()
    bank.start()
    until = time.monotonic() + DEPLOY_SECONDS
    while time.monotonic() < until:
        shown = requests.get(f"{bank.url}/models", headers=headers, timeout=60).json()
        if (found := str(shown["models"][MODEL]["version"])) == version:
            return "the uploaded version"
        time.sleep(0.5)
    return found


@contextmanager
def bank_on_a_small_disk(work: Path) -> Iterator[tuple[BankProcess, Disk, list[dict[str, Any]]]]:
    cases = dataset_of(pd.read_parquet(SAMPLE)).cases()
    bodies = [body_of(case) for case in islice(cases, 200)]
    with (
        small_disk(work / "disk", "256m") as disk,
        bank_process(work / "disk" / "bank", work / "bank.log") as bank,
    ):
        bank.start()
        yield bank, disk, bodies


def _report(name: str, run: int, ended: Ended) -> bool:
    counted = ", ".join(
        f"{count} {what}" for what, count in sorted(ended.answered.statuses.items())
    )
    lines, traces = ended.said.count(FIRST_LINE), ended.said.count("Traceback")
    good = not ended.lost and not ended.answered.odd and not traces and lines == 1
    print(
        f"{name} run {run}: {len(ended.lost)} lost or changed, {traces} tracebacks, {lines} line; "
        f"{counted}; restart {ended.restart_seconds:.1f} s",
        flush=True,
    )
    if ended.refusal:
        print("   on the full disk:", ended.refusal)
    for one in (*ended.lost[:5], *ended.answered.odd[:5]):
        print("  ", one)
    return good


KINDS: tuple[tuple[str, Fault, float | None], ...] = (
    ("full for 3 s", full_disk, 3),
    ("full for 20 s", full_disk, 20),
    ("full for good", full_disk, None),
    ("locked for 20 s", locked_database, 20),
)
UPLOADS = "killed after an upload"


def main() -> None:
    given = sys.argv[1] if len(sys.argv) > 1 else "10"
    if not given.isdecimal() or int(given) < 1:
        sys.exit(f"RUNS is {given!r}: say how many runs of each drill, as RUNS=10")
    runs = int(given)
    which, good = sys.argv[2] if len(sys.argv) > 2 else "", True
    with tempfile.TemporaryDirectory(prefix="drill-") as work:
        for name, fault, seconds in [one for one in KINDS if which in one[0]]:
            with bank_on_a_small_disk(Path(work)) as (bank, disk, bodies):
                for run in range(1, runs + 1):
                    good &= _report(name, run, drill(bank, disk, bodies, fault, seconds))
        if which in UPLOADS:
            with bank_on_a_small_disk(Path(work)) as (bank, _, _):
                for run in range(1, runs + 1):
                    answers = killed_after_an_upload(bank, run)
                    print(f"{UPLOADS} run {run}: {answers} answers", flush=True)
                    good &= answers == "the uploaded version"
    sys.exit(not good)


if __name__ == "__main__":
    main()
