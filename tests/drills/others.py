"""Drills that tests run, each with its guard and without it: make drills.

python -m tests.drills.others [word of a fault …]
"""

import json
import os
import re
import subprocess
import sys
from typing import Any

from infrastructure.project import ROOT
from tests.drills.guard_out import drills

RESULT = ROOT / "build" / "drills" / "others.json"


def ended(drill: dict[str, Any], guard_out: str) -> dict[str, int]:
    """Return how many of a drill's tests passed and failed."""
    command = ["-m", "pytest", "-q", "--no-header", "-p", "tests.drills.guard_out"]
    done = subprocess.run(
        [sys.executable, *command, "-p", "no:cacheprovider", *drill["tests"]],
        cwd=ROOT,
        env=os.environ | {"GUARD_OUT": guard_out},
        capture_output=True,
        text=True,
        check=False,
    )
    marks = "".join(re.findall(r"^([.FE]+)(?: +\[|$)", done.stdout, re.MULTILINE))
    if not marks:  # the tests themselves can't be run
        print(done.stdout[-2000:] + done.stderr[-2000:], flush=True)
        marks = "F" * (not guard_out)
    return {"passed": marks.count("."), "failed": len(marks) - marks.count(".")}


def keep(drill: dict[str, Any]) -> None:
    """Add a drill's result to those that are there."""
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    there = json.loads(RESULT.read_bytes())["drills"] if RESULT.exists() else []
    kept = {one["fault"]: one for one in (*there, drill)}
    ordered = [kept[one["fault"]] for one in drills() if one["fault"] in kept]
    RESULT.write_text(json.dumps({"drills": ordered}, indent=1), encoding="utf-8")


def main() -> int:
    words, bad = sys.argv[1:], 0
    for drill in drills():
        name = drill["fault"]
        if words and not any(word in name for word in words):
            continue
        one = {"without": {}, **drill, "withGuard": ended(drill, "")}
        if "target" in drill:
            one["without"] = ended(drill, name)
        good = not one["withGuard"]["failed"]
        good &= "target" not in drill or one["without"]["failed"] > 0
        print(f"{name}: with its guard {one['withGuard']}, without it {one['without']}", flush=True)
        bad += not good
        keep(one)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
