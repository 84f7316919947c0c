"""The drills of docs/drills.md, as many at a time as there are processors: make drills.

python -m tests.drills [DRILL …]

A drill is a flow with its faults, or `others`: each is a process of its own. Results are kept in
build/drills, and docs/drills.md is written from all that are there.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from infrastructure.project import ROOT
from tests.drills.calls import drills_page

FLOW, OTHERS = "tests.drills.calls", "tests.drills.others"
# The longest come first, so that the last ones end together.
FLOWS = (
    "kill-retrain", "trainanswers", "collectanswers", "machineretrain", "machinebatch",
    "kill-deploy", "kill-predict", "kill-outcome", "kill-rollback", "collect", "train", "batch",
    "askrollback",
    "kill-erase", "deploy", "rollback", "update", "predict", "promote", "outcome",
    "machinepredict", "opensnapshot",
)  # fmt: skip
MEASURED = ("slowmodel",)  # its times are those of a machine that does nothing else
COMMANDS = {name: (FLOW, name) for name in (*FLOWS, *MEASURED)} | {"others": (OTHERS,)}
ORDER = (FLOWS[0], "others", *FLOWS[1:], *MEASURED)

_printing = threading.Lock()


def ends_well(name: str, command: Sequence[str]) -> bool:
    """Run a drill, print its lines under its name, and return whether all is well."""
    began = time.monotonic()
    pipe, same = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=same, text=True) as running:
        for line in running.stdout or ():
            _tell(name, line.rstrip())
    is_well = running.returncode == 0
    _tell(name, f"{'well' if is_well else 'FAILED'} after {time.monotonic() - began:.0f} s")
    return is_well


def failed(commands: Mapping[str, Sequence[str]], at_once: int) -> Iterator[str]:
    """Run drills, so many at once, and yield the names of those that failed: all are run."""
    with ThreadPoolExecutor(at_once) as lanes:
        ends = lanes.map(ends_well, commands, commands.values())
        yield from [name for name, is_well in zip(commands, ends, strict=True) if not is_well]


def run(names: Iterable[str]) -> list[str]:
    """Run drills, the measured ones last and alone, and return the names of those that failed."""
    chosen = {*names}
    commands = {name: [sys.executable, "-m", *COMMANDS[name]] for name in ORDER if name in chosen}
    alone = {name: commands.pop(name) for name in MEASURED if name in commands}
    return [*failed(commands, os.cpu_count() or 1), *failed(alone, 1)]


def _tell(name: str, line: str) -> None:
    with _printing:
        print(f"{time.strftime('%H:%M:%S')} {name}: {line}", flush=True)


def main() -> int:
    names = sys.argv[1:] or [*COMMANDS]
    if unknown := [name for name in names if name not in COMMANDS]:
        sys.exit(f"No such drills: {', '.join(unknown)}; there are {', '.join(ORDER)}.")
    bad = run(names)
    drills_page.write(ROOT / "build" / "drills")
    print(f"These failed: {', '.join(bad)}." if bad else f"All is well: {len(names)} drills.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
