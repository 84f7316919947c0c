"""The drills of docs/drills.md, as many at a time as this machine can hold: make drills.

python -m tests.drills [DRILL …]

A drill is a flow with its faults, or `others`: each is a process of its own. Results are kept in
build/drills, and docs/drills.md is written from all that are there. The command ends with 1 if a
drill failed, and with 130 if it was stopped.
"""

import signal
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from tests.drills.calls import drills_page
from tests.drills.calls.drills_page import RESULTS
from tests.drills.drill_processes import DrillProcesses

MOST_BYTES = 2 * 2**30  # of a drill: a bank whose three models are trained
# The longest come first, so that the last ones end together.
DRILLS = (
    "kill-retrain", "others", "trainanswers", "collectanswers", "machineretrain", "kill-deploy",
    "kill-predict", "machinebatch", "kill-rollback", "kill-outcome", "train", "collect", "batch",
    "deploy", "kill-erase", "rollback", "update", "askrollback", "predict", "promote", "outcome",
    "machinepredict", "opensnapshot",
)  # fmt: skip
ALONE = ("slowmodel",)  # it measures times, and runs last
ALL = (*DRILLS, *ALONE)


def command(name: str) -> list[str]:
    of_tests = ["tests.drills.others"]
    return [sys.executable, "-m", *(of_tests if name == "others" else ["tests.drills.calls", name])]


def failed(commands: Mapping[str, Sequence[str]], at_once: int) -> list[str]:
    """Run drills, so many at once, and return the names of those that failed: all are run."""
    processes = DrillProcesses()
    with ThreadPoolExecutor(at_once) as lanes:
        try:
            ends = [*lanes.map(processes.ends_well, commands, commands.values())]
        except BaseException:
            processes.stop()
            raise
    return [name for name, is_well in zip(commands, ends, strict=True) if not is_well]


def lanes() -> int:
    """Return how many drills run at once: one for each processor, if memory is enough."""
    processors = len(psutil.Process().cpu_affinity() or [0])
    held = int(psutil.virtual_memory().total) // MOST_BYTES
    return max(1, min(processors, held))


def main(names: Sequence[str], results: Path = RESULTS, page: Path = drills_page.PAGE) -> int:
    """Run the named drills, or all, and write the page."""
    if unknown := [name for name in names if name not in ALL]:
        sys.exit(f"No such drills: {', '.join(unknown)}; there are {', '.join(ALL)}.")
    chosen = [name for name in ALL if name in (names or ALL)]
    beside = {name: command(name) for name in chosen if name not in ALONE}
    alone = {name: command(name) for name in chosen if name in ALONE}
    began = time.monotonic()
    try:
        bad = [*failed(beside, lanes()), *failed(alone, 1)]
    except KeyboardInterrupt:
        drills_page.write(results, page)
        print("Stopped. What had ended is in docs/drills.md; FLOWS= names the drills to run.")
        return 130
    drills_page.write(results, page)
    minutes = f"{len(chosen)} drills in {(time.monotonic() - began) / 60:.0f} min"
    print(f"{minutes}; these failed: {', '.join(bad)}." if bad else f"{minutes}, all is well.")
    return 1 if bad else 0


def be_interruptible() -> None:
    """Let both signals stop the drills. What a shell runs in its background ignores SIGINT."""
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, signal.default_int_handler)


if __name__ == "__main__":
    be_interruptible()
    sys.exit(main(sys.argv[1:]))
