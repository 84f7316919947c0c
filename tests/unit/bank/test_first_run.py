import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO

import pytest
from rich.console import Console

from bank import first_run
from bank.first_run import ApiBusy, PredictionRefused, print_prediction
from bank.kept_files.remembered_data import remembered_dataset
from datasets import UnreadableData
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


class Api(BaseHTTPRequestHandler):
    """An API that answers with the statuses of its server, in their order."""

    def do_POST(self):
        self.server.keys.append(self.headers["Idempotency-Key"])
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self):
        self.send_response(self.server.statuses.pop(0))
        self.end_headers()
        self.wfile.write(json.dumps(self.server.answer).encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr(first_run, "PAUSE_SECONDS", 0)
    with HTTPServer(("127.0.0.1", 0), Api) as server:
        server.keys = []
        server.answer = ANSWER | {"predictionId": "0a"}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def ask(api):
    return first_run.first_prediction(f"http://127.0.0.1:{api.server_address[1]}", "key", {})


def test_an_api_that_is_busy_is_asked_again_with_one_key(api):
    api.statuses = [503, 202, 429, 200, 200]

    assert ask(api)["predictionId"] == "0a"
    assert len(api.keys) == 4
    assert len({*api.keys}) == 1


def test_an_api_that_stays_busy_is_no_broken_one(api, monkeypatch):
    monkeypatch.setattr(first_run, "PATIENCE_SECONDS", 0)
    api.statuses = [503]
    with pytest.raises(ApiBusy):
        ask(api)
    api.statuses = [500]
    with pytest.raises(PredictionRefused) as refused:
        ask(api)
    assert refused.type is PredictionRefused


def wait_for_models(api):
    shown = Console(width=100, file=StringIO())
    first_run.wait_for_models(f"http://127.0.0.1:{api.server_address[1]}", "key", shown)
    return shown.file.getvalue()


def test_a_bank_is_served_once_its_models_answer(api):
    api.statuses, api.answer = [200], {"status": "READY", "models": {}}

    assert wait_for_models(api) == ""
    assert api.statuses == []


def test_a_bank_is_served_without_the_models_that_stay_silent(api, monkeypatch):
    """Whatever else is under way, such as the last run's calls, is no reason to end."""
    monkeypatch.setattr(first_run, "LOADING_SECONDS", 0)
    models = {"Tradicional": {"status": "OK"}, "AppVengersAccelerator": {"status": "UNAVAILABLE"}}
    api.statuses, api.answer = [503], {"status": 503, "models": models}

    assert "Still without an answer: AppVengersAccelerator." in wait_for_models(api)

    api.statuses, api.answer = [500], {}
    assert "Still without an answer: no model." in wait_for_models(api)


def test_a_pipe_is_no_data(tmp_path, monkeypatch):
    """Nobody may ever write to it: reading it would not end."""
    os.mkfifo(tmp_path / "loans.csv")
    monkeypatch.setenv("DATA", str(tmp_path / "loans.csv"))

    with pytest.raises(UnreadableData, match=r"a pipe or a device.*DATA=applications.csv"):
        remembered_dataset(tmp_path, Console())
    assert not (tmp_path / "data").exists()
