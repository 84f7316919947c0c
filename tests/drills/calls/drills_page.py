"""docs/drills.md: the drills of calls as they were run, and the other drills with their guards."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infrastructure.project import ROOT
from tests.drills.calls.guards import GUARDS
from tests.drills.guard_out import drills
from tests.kept_rows import rows

PAGE, RESULTS = ROOT / "docs" / "drills.md", ROOT / "build" / "drills"
BEGIN = "<!-- Written by make drills, until the next such line: do not edit. -->\n"
END = "<!-- Written until here. -->\n"
FLOWS = "| flow | calls | faults | healed later | broken | seconds | commit |"
GUARDED = "| flow | guard | fault | with the guard | with the guard taken out |"
SLOW = (
    "| stopped model | answers | with both others | p50 before, ms | p50 while, ms | "
    "longest, s | healed after, s |"
)
OTHERS = "| fault | guard | with the guard | with the guard taken out | test |"
ENDS = ("withGuard", "without")


def forget(results: Path, name: str) -> None:
    """Delete a drill's earlier result: one that crashes has none."""
    (results / f"{name}.json").unlink(missing_ok=True)


def keep(results: Path, name: str, document: dict[str, Any]) -> None:
    """Keep a drill's result; whoever reads has the whole of it, or the one before."""
    results.mkdir(parents=True, exist_ok=True)
    passing = results / f"{name}.json.new"
    passing.write_text(json.dumps(document, indent=1), encoding="utf-8")
    passing.rename(results / f"{name}.json")


def write(results: Path, page: Path = PAGE) -> None:
    """Write the page from the results that are there; other drills keep their rows."""
    found = [json.loads(path.read_bytes()) for path in sorted(results.glob("*.json"))]
    others = [drill for one in found for drill in one.get("drills", [])]
    flows = [one for one in found if one.get("flow") in GUARDS]
    before = page.read_text(encoding="utf-8")
    head, _, rest = before.partition(BEGIN)
    written = "\n".join(lines(before, flows, others))
    page.write_text(f"{head}{BEGIN}\n{written}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def lines(before: str, found: list[dict[str, Any]], others: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of the written part: flows with each call's fault, then other drills."""
    yield from ("### Each call of each flow", "", FLOWS, "|---|---:|---:|---:|---:|---:|---|")
    yield from _merged(before, FLOWS, {one["flow"]: _flow(one) for one in found})
    yield from ("", GUARDED, "|---|---|---|---|---|")
    yield from _merged(before, GUARDED, {one["flow"]: _guarded(one) for one in found})
    yield from ("", "### A model that is slow", "", SLOW, "|---|---:|---:|---:|---:|---:|---:|")
    yield from _merged(before, SLOW, dict(row for one in found for row in _slow(one)))
    yield from ("", "### Others", "", OTHERS, "|---|---|---|---|---|")
    known = [one["fault"] for one in drills()]
    there = {one["fault"]: _other(one) for one in others}
    yield from _merged(before, OTHERS, there, known)


def _merged(
    before: str, header: str, now: dict[str, str], known: list[str] | None = None
) -> Iterator[str]:
    """Yield a table's rows: those of now, and of before what was not done now."""
    merged = {name: ones[0] for name, ones in rows(before, header).items()} | now
    yield from (merged[name] for name in known or merged if name in merged)


def _flow(one: dict[str, Any]) -> str:
    runs = [run for run in one["runs"] if run["hit"]]  # a call that was not made had no fault
    later = sum(bool(run["at_once"]) and not run["at_last"] for run in runs)
    broken = sum(bool(run["at_last"]) for run in one["runs"])
    calls = len({run["place"] for run in runs})
    figures = f"{calls} | {len(runs)} | {later} | {broken} | {one['seconds']}"
    return f"| {one['flow']} | {figures} | {one['commit']} |"


def _guarded(one: dict[str, Any]) -> str:
    guard = GUARDS[one["flow"]]
    kept, broken = (_told(one[name]) for name in ENDS)
    return f"| {one['flow']} | {guard.what} | {guard.kind}: {guard.place} | {kept} | {broken} |"


def _slow(one: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the rows of a flow whose runs were measured, by their first cell."""
    runs = [(run, "") for run in one["runs"]] + [(one["without"], ", without its circuit")]
    for run, guard in runs:
        if measured := run.get("measured"):
            name = f"{run['place']}{guard}"
            yield name, f"| {name} | {' | '.join(map(str, measured.values()))} |"


def _other(one: dict[str, Any]) -> str:
    tests = ", ".join(f"`{name}`" for name in one["tests"])
    ends = [_counted(one[name]) for name in ENDS]
    return f"| {one['fault']} | {one['guard']} | {ends[0]} | {ends[1]} | {tests} |"


def _counted(end: dict[str, int] | str) -> str:
    return end if isinstance(end, str) else f"{end['passed']} passed, {end['failed']} failed"


def _told(run: dict[str, Any]) -> str:
    return "; ".join(run["at_last"]) or ("nothing is broken" if run["hit"] else "it never happened")
