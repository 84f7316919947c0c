"""A wrong value on make's command line is named in a sentence, with what to say instead."""

import os
import shutil
import subprocess

import pytest
from rich.console import Console

from bank.kept_files.remembered_data import ForgottenData, remembered_dataset
from infrastructure.project import ROOT
from localcloud.kept_state.state_faults import UnusableState


@pytest.mark.skipif(not (ROOT / ".venv/bin/python").exists(), reason="make runs this one")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("deploy STAGE=foo", "STAGE is 'foo': say STAGE=dev or STAGE=prod"),
        ("key", "STAGE is '': say STAGE=dev or STAGE=prod"),
        ("run PORT=99999", "'--port' (env var: 'PORT'): 99999 is not in the range 0<=x<=65535"),
        ("run AWS_PORT=-1", "'--aws-port' (env var: 'AWS_PORT'): -1 is not in the range"),
        ("run DATA=/nowhere.csv", "/nowhere.csv can't be read: No such file or directory. Name"),
        ("run DATA=tests", "tests can't be read: Is a directory. Name a file of applications"),
    ],
)
def test_it_is_named(words, said, tmp_path):
    make = shutil.which("make")
    assert make
    kept = {name: text for name, text in os.environ.items() if name not in ("STAGE", "DATA")}
    done = subprocess.run(
        [make, "-o", ".venv/run", *words.split()],  # without installing anything
        cwd=ROOT,
        env=kept | {"LOCALCLOUD_FOLDER": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda kept: kept.mkdir(), "is a folder"),
        (os.mkfifo, "is a pipe"),
        (lambda kept: kept.write_text("\n"), "is empty"),
        (lambda kept: kept.write_bytes(b"\xff"), "remembers it"),
    ],
)
def test_the_note_of_the_file_of_data_is_a_file_with_a_path(make, fault, tmp_path, monkeypatch):
    monkeypatch.delenv("DATA", raising=False)
    make(tmp_path / "data")

    with pytest.raises((ForgottenData, UnusableState), match=fault):
        remembered_dataset(tmp_path, Console(quiet=True))
