"""`make drills`: a drill that fails does not keep the others from being run."""

import sys

import pytest

from tests.drills import __main__ as drills
from tests.drills.calls.__main__ import FLOWS
from tests.drills.kills import kills

PROGRAM = """
import pathlib, sys
pathlib.Path(sys.argv[1]).touch()
print("a line of its own")
sys.exit(int(sys.argv[2]))
"""


@pytest.mark.parametrize("fails", ["first", "second", "third", ""])
def test_all_drills_run_and_one_that_fails_is_told_at_the_end(tmp_path, capsys, fails):
    names = ("first", "second", "third")
    commands = {
        name: [sys.executable, "-c", PROGRAM, str(tmp_path / name), str(int(name == fails))]
        for name in names
    }

    failed = [*drills.failed(commands, 2)]

    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(names)
    assert failed == [fails] * bool(fails)
    printed = capsys.readouterr().out
    for name in names:
        assert f" {name}: a line of its own\n" in printed
        assert f" {name}: {'FAILED' if name == fails else 'well'} after " in printed


def test_each_flow_has_its_drill_and_the_measured_ones_run_alone():
    assert {*drills.FLOWS, *drills.MEASURED} == {*FLOWS, *kills.FLOWS}
    assert {*drills.ORDER} == {*drills.COMMANDS}
