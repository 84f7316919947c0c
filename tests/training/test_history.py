"""make replay-history: on a day of the past nothing is known that came later."""

import os
import subprocess
import sys

import pandas as pd
import pytest

from datasets.sba import ROOT, SAMPLE
from workbench.history.known import Register

DAY = pd.Timestamp("2005-01-01")


@pytest.fixture(scope="module")
def register():
    return Register(pd.read_parquet(SAMPLE), 0.5, outcome_months=36, months=120)


@pytest.fixture(scope="module")
def known(register):
    return register.known(DAY)


def test_no_loan_and_no_default_of_later_is_known(known):
    assert known["approvalDate"].max() < DAY
    assert known["defaultDate"].max() < DAY


def test_an_outcome_is_known_when_it_has_matured(known):
    matured = known["approvalDate"] + pd.DateOffset(months=36) <= DAY
    assert known["defaulted"][~matured].isna().all()
    assert known["defaulted"][matured].notna().mean() > 0.9


def test_a_share_of_the_matured_loans_is_learnt_from_and_all_are_peers(register, learning):
    whole = learning["NetworkingAccelerator"]
    drawn = register.learnt_from(whole)

    assert 0.4 < len(drawn.training.rows) / len(whole.training.rows) < 0.6
    assert drawn.tables == whole.tables
    there = [len(part) for part in (drawn.holdout.rows, drawn.holdout.outcomes, drawn.brought)]
    assert len({*there}) == 1


def test_a_month_is_judged_by_what_came_of_its_loans(register):
    loans = register.approved(DAY)
    assert set(loans["approvalDate"].dt.strftime("%Y-%m")) == {"2005-01"}
    assert loans["defaulted"].notna().mean() > 0.9


def test_the_command_writes_its_page_and_figure(tmp_path):
    command = [sys.executable, "-m", "workbench.history", "--from", "2005-06", "--to", "2005-07"]
    subprocess.run(
        [*command, "--share", "1", "--workers", "2", "--out", str(tmp_path)],
        env=os.environ | {"APPVENGERS_REGISTER": str(SAMPLE), "OMP_NUM_THREADS": "1"},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    page = (tmp_path / "retraining.md").read_text()

    assert "| 2005-06 |" in page
    assert "promoted" in page
    assert (tmp_path / "retraining" / "history.svg").stat().st_size > 10_000
