"""Drills that tests run, each with its guard and without it: make drills.

python -m tests.drills.others [word of a fault …]
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from infrastructure.project import ROOT
from tests.drills.calls import drills_page
from tests.drills.calls.drills_page import RESULTS
from tests.drills.guard_out import drills

NAME = "others"
RAN = (0, 1)  # pytest's exit codes once all tests have run
LONGEST_SECONDS = 1_800

End = dict[str, int]


def ended(drill: dict[str, Any], guard_out: str) -> End:
    """Return how many of a drill's tests passed and failed; none if they did not run to the end."""
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        report = Path(folder) / "report.xml"
        command = ["-m", "pytest", "-q", "--no-header", "-p", "tests.drills.guard_out"]
        command += ["-p", "no:cacheprovider", f"--junitxml={report}", *drill["tests"]]
        code, output = _run([sys.executable, *command], {"GUARD_OUT": guard_out})
        if code in RAN and report.exists():
            return counted(report)
    print(f"pytest ended with {code}: {output[-4000:]}", flush=True)
    return {"passed": 0, "failed": 0}


def counted(report: Path) -> End:
    """Return how many tests of a report passed and failed. One that fails may end badly, too."""
    failed, passed = set[tuple[str, str]](), set[tuple[str, str]]()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it
        name = case.attrib["classname"], case.attrib["name"]
        if {one.tag for one in case} & {"failure", "error"}:
            failed.add(name)
        elif case.find("skipped") is None:
            passed.add(name)
    return {"passed": len(passed - failed), "failed": len(failed)}


def is_well(with_guard: End, without: End | None) -> bool:
    """Return whether all tests pass with their guard, and without it, if that can be, one fails."""
    passes = with_guard["passed"] > 0 == with_guard["failed"]
    return passes and (without is None or without["failed"] > 0)


def keep(drill: dict[str, Any]) -> None:
    """Add a drill's result to those that are there."""
    path = RESULTS / f"{NAME}.json"
    there = json.loads(path.read_bytes())["drills"] if path.exists() else []
    kept = {one["fault"]: one for one in (*there, drill)}
    ordered = [kept[one["fault"]] for one in drills() if one["fault"] in kept]
    drills_page.keep(RESULTS, NAME, {"drills": ordered})


def main(words: Sequence[str]) -> int:
    """Run the drills whose fault has one of the words, or all, and return 1 if one failed."""
    bad = 0
    if not words:
        drills_page.forget(RESULTS, NAME)
    for drill in drills():
        name = drill["fault"]
        if words and not any(word in name for word in words):
            continue
        with_guard = ended(drill, "")
        without = ended(drill, name) if "target" in drill else None
        print(f"{name}: with its guard {with_guard}, without it {without}", flush=True)
        bad += not is_well(with_guard, without)
        seen = {} if without is None else {"without": without}
        keep({**drill, "withGuard": with_guard, **seen})
    return 1 if bad else 0


def _run(command: Sequence[str], more: dict[str, str]) -> tuple[int | None, str]:
    """Return a command's exit code, and its output; no code if it took too long."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | more, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
            timeout=LONGEST_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, "it took too long"
    return done.returncode, done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
