"""`make drills`: all are run, and one that fails, crashes or hangs is told at the end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.drills import __main__ as drills
from tests.drills import others
from tests.drills.calls import drills_page
from tests.drills.calls.__main__ import FLOWS, amiss
from tests.drills.calls.runs import Run
from tests.drills.drill_processes import DrillProcesses
from tests.drills.kills import kills

PROGRAM = """
import os, pathlib, signal, sys
folder, name, ends = sys.argv[1:]
with open(f"{folder}/ran", "a") as ran:
    ran.write(f"{name}\\n")
os.write(1, b"a line \\xff of its own\\n")
if ends == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(1 if ends == "1" else 0)
"""
PAGE = drills_page.PAGE.read_text(encoding="utf-8")
WELL = Run("failed", "api_handler Query", hit=True, at_once=[], at_last=[])
BROKEN = Run("failed", "api_handler Query", hit=True, at_once=["no answer"], at_last=["no answer"])
MISSED = Run("failed", "api_handler Query", hit=False, at_once=[], at_last=[])


@pytest.fixture
def stand_ins(tmp_path, monkeypatch):
    """Let each drill be a small program, and keep the page in a temporary folder."""
    ends = {}

    def command(name: str) -> list[str]:
        return [sys.executable, "-c", PROGRAM, str(tmp_path), name, ends.get(name, "0")]

    monkeypatch.setattr(drills, "command", command)
    (tmp_path / "page.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "results").mkdir()
    return ends


def run(tmp_path: Path, *names: str) -> tuple[int, list[str]]:
    code = drills.main(names, tmp_path / "results", tmp_path / "page.md")
    return code, (tmp_path / "ran").read_text().split()


def test_all_drills_run_and_the_one_that_measures_times_runs_last(tmp_path, stand_ins, capsys):
    code, ran = run(tmp_path)

    assert code == 0
    assert sorted(ran) == sorted(drills.ALL)
    assert ran[-1:] == [*drills.ALONE]
    assert f"{len(drills.ALL)} drills in 0 min, all is well." in capsys.readouterr().out


@pytest.mark.parametrize("ends", ["1", "killed"])
@pytest.mark.parametrize("fails", ["predict", "slowmodel", "others"])
def test_one_that_fails_or_dies_keeps_none_from_being_run(tmp_path, stand_ins, capsys, fails, ends):
    stand_ins[fails] = ends

    code, ran = run(tmp_path, "predict", "others", "slowmodel", "deploy", "predict")

    assert code == 1
    assert sorted(ran) == ["deploy", "others", "predict", "slowmodel"]
    printed = capsys.readouterr().out
    assert f"4 drills in 0 min; these failed: {fails}." in printed
    assert " deploy: a line � of its own\n" in printed
    assert f" {fails}: FAILED after 0 s\n" in printed


def test_one_that_cannot_be_started_has_failed(tmp_path, capsys):
    commands = {"gone": [str(tmp_path / "gone")], "there": [sys.executable, "-c", "print(1)"]}

    assert drills.failed(commands, 1) == ["gone"]
    assert " there: well after " in capsys.readouterr().out


def test_a_drill_that_hangs_is_ended(monkeypatch, capsys):
    monkeypatch.setattr("tests.drills.drill_processes.LONGEST_SECONDS", 0.2)

    assert not DrillProcesses().ends_well("hangs", ["sleep", "60"])


def test_none_is_started_once_they_are_stopped(tmp_path):
    """A lane that was between two drills at Ctrl-C may not begin the next one."""
    processes = DrillProcesses()
    processes.stop()

    assert not processes.ends_well("late", ["touch", str(tmp_path / "ran")])
    assert [*tmp_path.iterdir()] == []


def test_an_unknown_name_runs_nothing(tmp_path, stand_ins):
    with pytest.raises(SystemExit, match="No such drills: nonsense; there are kill-retrain"):
        run(tmp_path, "predict", "nonsense")
    assert not (tmp_path / "ran").exists()


IN_THE_BACKGROUND = ["sh", "-c", 'trap "" INT; exec "$0" "$@"', sys.executable]
HANGS = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
STOPPED = f"""
import sys
from pathlib import Path
from tests.drills import __main__ as drills
drills.command = lambda name: [sys.executable, "-c", {HANGS!r}]
drills.be_interruptible()
sys.exit(drills.main(["predict"], *map(Path, sys.argv[1:])))
"""


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_drills_that_run_and_the_page_is_written(tmp_path, which):
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    command = [*IN_THE_BACKGROUND, "-c", STOPPED, str(tmp_path), str(page)]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as drills_process:
        drill = int(drills_process.stdout.readline().split()[-1])
        drills_process.send_signal(which)
        printed = drills_process.stdout.read()

    assert drills_process.returncode == 130, printed
    assert printed.endswith("FLOWS= names the drills to run.\n")
    assert "Traceback" not in printed
    with pytest.raises(ProcessLookupError):
        os.kill(drill, 0)


def test_each_flow_is_a_drill():
    assert {*drills.ALL} == {*FLOWS, *kills.FLOWS, "others"}


@pytest.mark.parametrize(
    ("runs", "guarded", "found"),
    [
        ([WELL], (WELL, BROKEN), []),
        ([WELL, BROKEN], (WELL, BROKEN), ["1 faults broke something"]),
        ([WELL] * 9 + [MISSED], (WELL, BROKEN), []),
        ([WELL] * 8 + [MISSED], (WELL, BROKEN), ["1 of 9 faults never happened"]),
        ([], (WELL, BROKEN), ["0 of 0 faults never happened"]),
        ([WELL], (WELL, WELL), ["its fault breaks nothing without the guard"]),
        ([WELL], (BROKEN, BROKEN), ["its fault breaks something with the guard"]),
        ([WELL], (MISSED, BROKEN), ["the fault of the guard never happened"]),
    ],
)
def test_what_makes_a_flows_drill_fail(runs, guarded, found):
    assert [*amiss(runs, guarded)] == found


def test_a_result_of_a_flow_that_is_no_more_stops_no_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    drills_page.keep(tmp_path, "gone", {"flow": "a flow of old", "runs": []})
    (tmp_path / "predict.json.new").write_text('{"flow": "pre')  # a kill cut it off

    drills_page.write(tmp_path, page)

    assert page.read_text(encoding="utf-8") == PAGE


TESTS = {
    "dies": "import os, signal\ndef test_a(): pass\ndef test_b(): os.kill(os.getpid(), 9)",
    "exits": "import os\ndef test_a(): pass\ndef test_b(): os._exit(0)",
    "fails": """
import pytest
def test_a(): pytest.skip()
def test_b(): assert 0
def test_c(): pass
""",
    "no test": "",
    "ends badly": """
import pytest
@pytest.fixture
def given():
    yield
    raise ValueError
def test_a(given): assert 0
""",
}


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("dies", {"passed": 0, "failed": 0}),
        ("exits", {"passed": 0, "failed": 0}),
        ("fails", {"passed": 1, "failed": 1}),
        ("no test", {"passed": 0, "failed": 0}),
        ("ends badly", {"passed": 0, "failed": 1}),
    ],
)
def test_tests_count_once_they_all_have_run(tmp_path, name, seen):
    path = tmp_path / "test_stand_in.py"
    path.write_text(TESTS[name])

    ended = others.ended({"tests": [str(path)]}, "")

    assert ended == seen
    assert not others.is_well(ended, None)


@pytest.mark.parametrize(
    ("with_guard", "without", "is_well"),
    [((3, 0), (2, 1), True), ((3, 0), None, True), ((3, 0), (3, 0), False), ((3, 1), (2, 2), False),
     ((0, 0), (0, 1), False), ((3, 0), (0, 0), False)],
)  # fmt: skip
def test_a_guard_is_proven_once_a_test_fails_without_it(with_guard, without, is_well):
    ends = [
        one and dict(zip(("passed", "failed"), one, strict=True)) for one in (with_guard, without)
    ]

    assert others.is_well(*ends) == is_well
