"""docs/drills.md: the drills of calls as they were run, and the other drills with their guards."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infrastructure.project import ROOT
from tests.drills.calls.guards import GUARDS

PAGE = ROOT / "docs" / "drills.md"
BEGIN = "<!-- Written by make drills, until the next such line: do not edit. -->\n"
END = "<!-- Written until here. -->\n"
COLLECTED = (
    "A snapshot's manifest is written last, and half a snapshot is finished by the next run. | "
    "refused: each request | nothing is broken | not taken out: it is the order of the writes, "
    "held by `tests/training/test_collect.py`"
)
ENDS = ("withGuard", "without")


def write(results: Path) -> None:
    """Write the page from the results that are there."""
    found = [json.loads(path.read_bytes()) for path in sorted(results.glob("*.json"))]
    others = [one for one in found if "drills" in one]
    found = [one for one in found if "runs" in one]
    before = PAGE.read_text(encoding="utf-8")
    head, _, rest = before.partition(BEGIN)
    written = "\n".join(lines(found, others))
    PAGE.write_text(f"{head}{BEGIN}\n{written}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def lines(found: list[dict[str, Any]], others: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of the written part: flows with each call's fault, then other drills."""
    yield from ("### Each call of each flow", "")
    yield "| flow | calls | faults | healed later | broken | seconds |"
    yield "|---|---:|---:|---:|---:|---:|"
    for one in found:
        runs = one["runs"]
        later = sum(bool(run["at_once"]) and not run["at_last"] for run in runs)
        broken = sum(bool(run["at_last"]) for run in runs)
        calls = len({run["place"] for run in runs})
        yield f"| {one['flow']} | {calls} | {len(runs)} | {later} | {broken} | {one['seconds']} |"
    yield ""
    yield "| flow | guard | fault | with the guard | with the guard taken out |"
    yield "|---|---|---|---|---|"
    for one in (each for each in found if each["flow"] in GUARDS):
        guard = GUARDS[one["flow"]]
        kept, broken = (_told(one[name]["at_last"]) for name in ("withGuard", "without"))
        yield f"| {one['flow']} | {guard.what} | {guard.kind}: {guard.place} | {kept} | {broken} |"
    if any(one["flow"] == "collect" for one in found):
        yield f"| collect | {COLLECTED} |"
    yield from ("", "### Others", "")
    yield "| fault | guard | with the guard | with the guard taken out | test |"
    yield "|---|---|---|---|---|"
    for other in (drill for one in others for drill in one["drills"]):
        tests = ", ".join(f"`{name}`" for name in other["tests"])
        ends = [_counted(other[name]) for name in ENDS]
        yield f"| {other['fault']} | {other['guard']} | {ends[0]} | {ends[1]} | {tests} |"


def _counted(end: dict[str, int] | str) -> str:
    return end if isinstance(end, str) else f"{end['passed']} passed, {end['failed']} failed"


def _told(broken: list[str]) -> str:
    return "; ".join(broken) or "nothing is broken"
