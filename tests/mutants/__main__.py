"""Mutation tests of the pure core and the retraining, by cosmic-ray: make mutants.

python -m tests.mutants [--again] [MODULE …]

Each mutant is one small change of a module, such as `>=` for `>`. It is killed if a test of the
module fails. The work is done on a copy in build/mutants; docs/mutants.md is written from all
results that are there, and other modules keep their rows. --again tests only those that survived
the last time.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench.report.machine import commit
from tests.mutants.mutants_page import ModuleResults, Mutant, page

ROOT = Path(__file__).parents[2]
TREE, RESULTS = ROOT / "build" / "mutants" / "tree", ROOT / "build" / "mutants"
PAGE = ROOT / "docs" / "mutants.md"
HERE = Path(__file__).parent
COSMIC_RAY = ROOT / ".venv-mutants" / "bin"
LONGEST_SECONDS = 60
# No arithmetic of bits, which we have none of: `|` joins types here.
EXCLUDED = [
    r"core/ReplaceBinaryOperator_.*(Bit|Shift).*",
    r"core/ReplaceBinaryOperator_.*_(FloorDiv|Mod|Pow)",
    "core/RemoveDecorator",  # a dataclass that is none fails at once
]


def modules() -> dict[str, dict[str, list[str]]]:
    """Return by name each module's path and tests."""
    found: dict[str, dict[str, list[str]]] = tomllib.loads(
        (HERE / "modules.toml").read_text(encoding="utf-8")
    )
    return found


def copied() -> None:
    """Copy what git knows, and what is new, so that a mutant never stands in the tree itself."""
    shutil.rmtree(TREE, ignore_errors=True)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, TREE / name)


def tested(name: str, path: str, tests: list[str], *, again: bool) -> None:
    """Make and test each mutant of a module; `again`: those that survived."""
    config, session = RESULTS / f"{name}.toml", RESULTS / f"{name}.sqlite"
    python = ROOT / ".venv" / "bin" / "python"
    command = f"{python} -B -m pytest -x -q -p no:cacheprovider --no-header {' '.join(tests)}"
    lines = [
        "[cosmic-ray]",
        f"module-path = {json.dumps(path)}",
        f"timeout = {LONGEST_SECONDS}",
        "excluded-modules = []",
        f"test-command = {json.dumps(command)}",
        '[cosmic-ray.distributor]\nname = "local"',
        f"[cosmic-ray.filters.operators-filter]\nexclude-operators = {json.dumps(EXCLUDED)}",
    ]
    config.write_text("\n".join(lines), encoding="utf-8")
    steps = [
        ["cosmic-ray", "--verbosity", "ERROR", "baseline", config],
        ["cosmic-ray", "exec", config, session],
    ]
    if again and session.exists():
        forget(session)
    else:
        session.unlink(missing_ok=True)
        steps.insert(0, ["cosmic-ray", "init", config, session])
        steps.insert(1, ["cr-filter-operators", session, config])
    facts = {"at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "commit": commit()}
    for step in steps:
        subprocess.run([COSMIC_RAY / step[0], *map(str, step[1:])], cwd=TREE, check=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(facts), encoding="utf-8")


def forget(session: Path) -> None:
    """Take the results of survivors away, and of tests that took too long, as on a busy machine;
    cosmic-ray tests what has none.
    """
    with sqlite3.connect(session) as results:
        results.execute(
            "delete from work_results where test_outcome = 'SURVIVED' or output = 'timeout'"
        )


def mutants(session: Path) -> Iterator[Mutant]:
    """Yield each mutant of a session with its outcome."""
    command = [COSMIC_RAY / "cosmic-ray", "dump", str(session)]
    dumped = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=True).stdout
    for line in dumped.splitlines():
        item, outcome = json.loads(line)
        if outcome and outcome["worker_outcome"] != "skipped":
            (change,) = item["mutations"]
            killed = outcome["test_outcome"] != "survived"
            number, operator = change["start_pos"][0], change["operator_name"]
            text = (TREE / change["module_path"]).read_text(encoding="utf-8").splitlines()
            yield Mutant(number, text[number - 1].strip(), operator, outcome["diff"], killed)


def kept(name: str) -> ModuleResults | None:
    """Return a module's results; None if no run of it came to its end."""
    facts = RESULTS / f"{name}.json"
    if not facts.exists():
        return None
    return ModuleResults([*mutants(RESULTS / f"{name}.sqlite")], **json.loads(facts.read_bytes()))


def main() -> int:
    known = modules()
    again = "--again" in sys.argv
    names = [one for one in sys.argv[1:] if one != "--again"] or list(known)
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"No such modules: {', '.join(unknown)}; there are {', '.join(known)}.")
    copied()
    for name in names:
        print(f"{name}: mutants of {known[name]['path']}", flush=True)
        tested(name, str(known[name]["path"]), known[name]["tests"], again=again)
    results = {name: found for name in known if (found := kept(name))}
    paths = {name: str(one["path"]) for name, one in known.items()}
    listed = tomllib.loads((HERE / "equivalent.toml").read_text(encoding="utf-8"))
    text, open_ones = page(PAGE.read_text(encoding="utf-8"), paths, results, listed)
    PAGE.write_text(text, encoding="utf-8")
    for line in open_ones:
        print(line)
    return 1 if open_ones else 0


if __name__ == "__main__":
    sys.exit(main())
