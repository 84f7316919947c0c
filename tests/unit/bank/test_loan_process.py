"""Loans are read in a process of their own, which ends with its parent's interest in it."""

import subprocess
import sys
from io import BytesIO

import pandas as pd
import psutil
import pytest

from bank.kept_files.loan_process import LoanProcess
from datasets import UnreadableData
from datasets.sba import SAMPLE, dataset_of
from infrastructure.project import ROOT


@pytest.fixture(autouse=True)
def the_sample(monkeypatch):
    monkeypatch.setenv("APPVENGERS_REGISTER", str(SAMPLE))
    monkeypatch.delenv("DATA", raising=False)


def test_the_process_answers_as_the_data_set_does(tmp_path):
    here = dataset_of(pd.read_parquet(SAMPLE))

    with LoanProcess(tmp_path) as loans:
        case, snapshot = loans.shown_case(), loans.first_snapshot()

    assert case == next(here.cases())
    assert (snapshot.name, snapshot.rows) == (here.name, len(here.snapshot()))
    pd.testing.assert_frame_equal(
        pd.read_parquet(BytesIO(snapshot.parquet)), here.snapshot().reset_index(drop=True)
    )


def test_a_fault_of_the_data_reaches_the_parent(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA", str(tmp_path / "none.csv"))

    with LoanProcess(tmp_path) as loans, pytest.raises(UnreadableData, match="can't be read"):
        loans.shown_case()


def test_a_process_that_was_killed_is_named_with_its_status(tmp_path):
    with LoanProcess(tmp_path) as loans:
        psutil.Process().children()[-1].kill()
        with pytest.raises(UnreadableData, match=r"ended, with status -9. Is there enough memory"):
            loans.shown_case()


@pytest.mark.parametrize(
    "end",
    [
        "os.kill(os.getpid(), 9)",
        "loans.shown_case(); os.killpg(0, 2); loans.first_snapshot(); loans.close()",
    ],
    ids=["kill -9", "Ctrl-C"],
)
def test_a_process_whose_parent_ends_early_ends_without_a_word(tmp_path, end):
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "from bank.kept_files.loan_process import LoanProcess;"
        "signal.signal(signal.SIGINT, lambda *_: None);"
        f"loans = LoanProcess(Path(sys.argv[1])); {end}"
    )

    ran = subprocess.run(  # it waits until the pipe is closed, and so for the child
        [sys.executable, "-c", code, tmp_path],
        cwd=ROOT, capture_output=True, text=True, process_group=0,
    )  # fmt: skip

    assert ran.stderr == ""


def test_the_bank_itself_loads_no_library_for_tables():
    heavy = "{'pandas', 'pyarrow', 'numpy', 'sklearn'} & sys.modules.keys()"
    code = f"import sys, bank.__main__, bank.api, bank.embedded_bank; sys.exit(str({heavy} or ''))"

    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert ran.stderr in {"", "\n"}
