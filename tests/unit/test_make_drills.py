"""`make drills`: a drill that fails does not keep the others from being run."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = """#!/bin/sh
echo "$2" >> {ran}
[ "$2" != {fails} ]
"""


@pytest.mark.parametrize(
    ("fails", "flows", "ran"),
    [
        ("tests.drills.others", "", ["tests.drills.others", "tests.drills.calls"]),
        ("tests.drills.calls", "", ["tests.drills.others", "tests.drills.calls"]),
        ("tests.drills.calls", "FLOWS=predict", ["tests.drills.calls"]),
        ("none", "", ["tests.drills.others", "tests.drills.calls"]),
    ],
)
def test_all_drills_run_and_one_that_fails_is_the_end(tmp_path, fails, flows, ran):
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(PYTHON.format(ran=tmp_path / "ran", fails=fails))
    python.chmod(0o755)
    made = [f"--assume-old={tmp_path}/{name}" for name in ("dev", "run", "bin/python")]
    for name in ("dev", "run"):
        (tmp_path / name).touch()

    command = ["make", "drills", f"VENV={tmp_path}", *made, *filter(None, [flows])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (tmp_path / "ran").read_text().split() == ran, done.stderr
    assert bool(done.returncode) == (fails in ran)
