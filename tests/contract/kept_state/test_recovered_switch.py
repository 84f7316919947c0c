"""After a recovery every decision goes to a person, whatever the switch was before."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from bank.embedded_bank import open_bank
from infrastructure.operate.review_only import switch
from localcloud.kept_state.state_faults import DamagedState
from tests.contract.kept_state.test_damage import spoil
from tests.contract.kept_state.test_durability import ROOT

SWITCHING_ON = """
import os, signal, sys
from pathlib import Path
import boto3
from bank.embedded_bank import open_bank
from infrastructure.operate.review_only import switch
with open_bank(Path(sys.argv[1])) as bank:
    switch(boto3.client("ssm"), bank.settings, "on")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def mode_of(folder: Path, wanted: str = "show") -> str:
    with open_bank(folder) as bank:
        return switch(boto3.client("ssm"), bank.settings, wanted)


def recover(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bank", "recover"],
        cwd=ROOT,
        env=os.environ | {"LOCALCLOUD_FOLDER": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def refused(folder: Path) -> str:
    with pytest.raises(DamagedState) as fault, open_bank(folder):
        pass
    return str(fault.value)


def is_on_until_switched_off(folder: Path) -> None:
    said = recover(folder)
    assert "review-only is on" in said
    assert "make review-only STAGE=dev MODE=off" in said
    assert [mode_of(folder), mode_of(folder)] == ["on", "on"]
    assert [mode_of(folder, "off"), mode_of(folder)] == ["off", "off"]


def test_it_is_on_after_the_row_of_parameters_is_lost(tmp_path: Path) -> None:
    mode_of(tmp_path, "on")
    path = tmp_path / "cloud.sqlite"
    with sqlite3.connect(path) as db:
        [[content]] = db.execute("select content from records where service = 'parameters'")
    spoil(path, path.read_bytes().index(content), b"(")

    sentence = refused(tmp_path)
    assert "Lost: parameters of Systems Manager. " in sentence
    assert sentence.endswith("make recover run")
    is_on_until_switched_off(tmp_path)


def test_it_is_on_after_the_log_with_the_change_is_lost(tmp_path: Path) -> None:
    mode_of(tmp_path)
    subprocess.run([sys.executable, "-c", SWITCHING_ON, str(tmp_path)], cwd=ROOT, check=False)
    (tmp_path / "cloud.sqlite-wal").unlink()

    assert "lacks the last" in refused(tmp_path)
    is_on_until_switched_off(tmp_path)
