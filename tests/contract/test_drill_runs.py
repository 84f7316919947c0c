"""Runs of drills: a death that no drill gave is a fault, and the page hides nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.iam.touched import NeedsPermission
from tests.drills.bank_process import BankProcess
from tests.drills.calls import drills_page
from tests.drills.calls.call_faults import Place
from tests.drills.kills import kills
from tests.drills.kills.killed_bank import named

PLACE = Place("api_handler PutItem", 1)


class Ending(BankProcess):
    """A bank that ends by a signal as soon as it is asked, and takes orders at once."""

    def __init__(self, folder: Path, ends_by: int) -> None:
        super().__init__(folder, folder / "log")
        self._ends_by = ends_by
        self.start()

    def start(self) -> None:
        self.log.write_text("a line of its own")
        (self.folder / "ready").touch()
        self._process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

    def end(self) -> None:
        os.kill(self.pid, self._ends_by)


class Asking:
    """A flow of which nothing is broken."""

    dies_seconds = 10

    def __init__(self, bank: Ending) -> None:
        self.ask = bank.end

    def before(self) -> None: ...

    def settle(self) -> None: ...

    def broken(self) -> list[str]:
        return []


@pytest.mark.parametrize(
    ("ends_by", "broken"),
    [(signal.SIGKILL, []), (signal.SIGABRT, ["the bank ends: a line of its own"])],
)
def test_a_bank_that_ends_by_itself_is_broken(tmp_path, ends_by, broken):
    bank = Ending(tmp_path, ends_by)

    run = kills.killed(Asking(bank), bank, tmp_path, PLACE, "before")

    bank.kill()
    assert run.hit
    assert run.at_last == broken


def test_a_snapshots_writes_have_their_files_names():
    keys = "part-20261124T100000.parquet", "part-20261201T100000.parquet", "manifest.json"
    places = [f"arn:aws:s3:::data/credit/snapshots/20261201T100000/{key}" for key in keys]

    names = [named(NeedsPermission("s3:PutObject", place)) for place in places]

    assert names == [*["s3:PutObject part-….parquet"] * 2, "s3:PutObject manifest.json"]
    assert named(NeedsPermission("s3:GetObject", places[0])) == "s3:GetObject"


def result(*ends: tuple[bool, list[str]]) -> dict[str, object]:
    runs = [{"place": "a call", "hit": hit, "at_once": at, "at_last": at} for hit, at in ends]
    guarded = {"withGuard": runs[0], "without": runs[-1]}
    return {"flow": "outcome", "runs": runs, "seconds": 1, "commit": "abc", **guarded}


def test_the_page_counts_what_is_broken_without_a_fault():
    row = drills_page._flow(result((True, []), (False, ["no answer"])))

    assert row == "| outcome | 1 | 1 | 0 | 1 | 1 | abc |"


def test_the_page_says_that_the_fault_of_a_guard_never_happened():
    row = drills_page._guarded(result((False, []), (True, ["no answer"])))

    assert row.endswith("| it never happened | no answer |")


@pytest.mark.parametrize(("ends", "left"), [([[], ["lost"], []], 1), ([[], [], []], 0)])
def test_a_fault_without_its_guard_is_tried_three_times(tmp_path, ends, left):
    bank = Ending(tmp_path, signal.SIGKILL)
    flow = Asking(bank)
    flow.guards_out, flow.broken = ("", ""), lambda: ends.pop(0)

    run = kills.broken_without(flow, bank, tmp_path, PLACE, "after")

    bank.kill()
    assert len(ends) == left
    assert run.at_last == (["lost"] if left else [])
