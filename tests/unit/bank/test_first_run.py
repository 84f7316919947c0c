import os
from io import StringIO

import pytest
from rich.console import Console

from bank.first_run import print_prediction, remembered_dataset
from datasets.own import UnreadableData
from infrastructure.deploy.steps.smoke import sentence

TEXT = "A loan above 2 million dollars is decided by a person."
ANSWER = {
    "clientId": "a", "decision": "REVIEW", "decisionBasis": "LARGE_LOAN", "score": 600,
    "cutOffs": {"approveFrom": 561.0, "declineBelow": 543.0}, "probabilityOfDefault": 0.02,
    "reasons": [], "rules": [{"code": "LARGE_LOAN", "effect": "REVIEW", "text": TEXT}],
    "models": {"Tradicional": {
        "status": "OK", "score": 600, "probabilityOfDefault": 0.02, "version": "20260101T000000",
    }},
}  # fmt: skip


def test_a_rule_that_decided_is_shown_with_its_text():
    console = Console(width=100, file=StringIO())
    print_prediction(console, ANSWER, defaulted=False)

    assert f"rule LARGE_LOAN, REVIEW: {TEXT}" in console.file.getvalue()
    assert f"by LARGE_LOAN ({TEXT.rstrip('.')});" in sentence(ANSWER)


def test_a_pipe_is_no_data(tmp_path, monkeypatch):
    """Nobody may ever write to it: reading it would not end."""
    os.mkfifo(tmp_path / "loans.csv")
    monkeypatch.setenv("DATA", str(tmp_path / "loans.csv"))

    with pytest.raises(UnreadableData, match=r"a pipe or a device.*DATA=applications.csv"):
        remembered_dataset(tmp_path, Console())
    assert not (tmp_path / "data").exists()
