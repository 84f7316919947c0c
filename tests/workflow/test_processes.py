"""The product as its users start it: processes, ports, signals, another profile."""

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from bank.first_run import body_of
from datasets import Case
from datasets.sba import SAMPLE
from infrastructure.project import ROOT

PATIENCE_SECONDS = 120
ANSWERS = 21
RUN = (sys.executable, "-m", "bank", "run")
CHALICE_LOCAL = (
    str(Path(sys.executable).with_name("chalice")),
    "local",
    "--no-autoreload",
    "--port",
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def process(*command: str, log: Path, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        running = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"APPVENGERS_REGISTER": str(SAMPLE)} | environ,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield running
        finally:
            running.kill()
            running.wait()


def wait_for(text: str, log: Path, running: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and running.poll() is None:
        if text in (said := log.read_text()):
            return said
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where a bank keeps itself from one process to the next."""
    folder = tmp_path_factory.mktemp("state")
    return {
        "LOCALCLOUD_FOLDER": str(folder / "kept"),
        "PORT": str(free_port()),
        "AWS_PORT": str(free_port()),
        "LIMITS": "off",  # a restarted bank is asked for all answers at once
    }


def ask(state: dict[str, str], method: str, path: str, **more: Any) -> requests.Response:
    key = (Path(state["LOCALCLOUD_FOLDER"]) / "api_key").read_text()
    url = f"http://127.0.0.1:{state['PORT']}{path}"
    return requests.request(method, url, headers={"x-api-key": key}, timeout=30, **more)


@pytest.fixture(scope="module")
def answered(
    state: dict[str, str], loans: list[Case], tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """Return what a first bank answered until it was killed."""
    found: list[dict[str, Any]] = []
    log = tmp_path_factory.mktemp("first") / "run.log"
    with process(*RUN, log=log, **state) as running:
        wait_for("Serving", log, running)
        for loan in loans[:ANSWERS]:
            found.append(ask(state, "POST", "/predict", json=body_of(loan)).json())
        running.send_signal(signal.SIGKILL)
    return found


@pytest.fixture(scope="module")
def restarted(
    state: dict[str, str],
    answered: list[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Yield the bank that goes on where the killed one was, and what it said at its start."""
    log = tmp_path_factory.mktemp("again") / "run.log"
    with process(*RUN, log=log, **state) as running:
        yield running, wait_for("The same prediction again", log, running)  # its last lines


def test_what_was_answered_survives_a_kill(state, answered, restarted):
    _, said = restarted

    assert len(answered) == ANSWERS
    for answer in answered:
        path = f"/predictions/{answer['clientId']}/{answer['predictionId']}"
        stored = ask(state, "GET", path).json()
        assert {name: stored[name] for name in answer} == answer
    assert "Training" not in said
    found = ask(state, "GET", "/models")
    assert found.status_code == 200, found.text
    models = found.json()["models"].values()
    assert {model["status"] for model in models} == {"InService"}


@pytest.mark.usefixtures("restarted")
def test_chalice_local_works_against_a_running_embedded_cloud(state, loans, tmp_path):
    log, port = tmp_path / "local.log", free_port()
    untold = {name: value for name, value in os.environ.items() if name != "AWS_PORT"}
    printed = subprocess.run(
        [sys.executable, "-m", "bank", "env"],
        cwd=ROOT,
        env=untold | {"LOCALCLOUD_FOLDER": state["LOCALCLOUD_FOLDER"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    exported = [word for line in printed.splitlines() for word in shlex.split(line)[1:]]
    environ = dict(word.split("=", 1) for word in exported)
    with process(*CHALICE_LOCAL, str(port), log=log, **environ) as chalice:
        wait_for("Serving", log, chalice)
        response = requests.post(
            f"http://127.0.0.1:{port}/predict",
            json=body_of(loans[0]),
            headers={"x-api-key": environ["LOCAL_API_KEY"]},
            timeout=30,
        )

    assert response.status_code == 200, response.text
    path = f"/predictions/{response.json()['clientId']}/{response.json()['predictionId']}"
    assert ask(state, "GET", path).status_code == 200


def test_a_demo_person_signs_in_as_the_bank_prints(state, restarted):
    _, said = restarted
    signed_in = subprocess.run(
        [sys.executable, "-m", "bank", "token", "risk"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "AWS_PORT"}
        | {"LOCALCLOUD_FOLDER": state["LOCALCLOUD_FOLDER"]},
        capture_output=True,
        text=True,
        check=True,
    )
    headers = {"Authorization": f"Bearer {signed_in.stdout.strip()}"}
    url = f"http://127.0.0.1:{state['PORT']}/people"
    kept = Path(state["LOCALCLOUD_FOLDER"]) / "people.json"

    assert "python -m bank token PERSON" in said
    shown = {who for who, password in json.loads(kept.read_text()).items() if password in said}
    assert shown == {"analyst"}  # whoever opens the console first
    assert kept.stat().st_mode & 0o777 == 0o600
    assert requests.get(f"{url}/models", headers=headers, timeout=30).status_code == 200
    assert requests.get(f"{url}/ready", headers=headers, timeout=30).status_code == 403


@pytest.mark.usefixtures("restarted")
def test_a_second_bank_in_the_same_folder_is_told(state, tmp_path):
    log = tmp_path / "second.log"
    with process(*RUN, log=log, **state) as other:
        assert other.wait(PATIENCE_SECONDS) != 0

    assert "Traceback" not in log.read_text()


def test_it_ends_when_it_is_asked_to(restarted):
    """Run after the others, which need it."""
    running, _ = restarted
    running.send_signal(signal.SIGTERM)

    assert running.wait(PATIENCE_SECONDS) == 0


def test_another_product_is_another_profile_and_its_data(tmp_path):
    copy, data = tmp_path / "bank", ROOT / "tests" / "data"
    for name in (
        "bank",
        "chalicelib",
        "datasets",
        "workbench",
        "infrastructure",
        "localcloud",
        "stepfunctions",
        "training",
        ".chalice",
    ):
        shutil.copytree(ROOT / name, copy / name)
    shutil.copy(ROOT / "app.py", copy)
    shutil.copy(data / "german.toml", copy / "chalicelib" / "credit.toml")
    done = subprocess.run(
        [sys.executable, "-m", "bank", "demo"],
        cwd=copy,
        env=os.environ | {"DATA": str(data / "german_credit.csv")},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "row-" in done.stdout
    assert "curl" not in done.stdout  # nothing answers any more
    assert "approved from" in done.stdout
    assert "installing included" in done.stdout
    assert len((done.stdout + done.stderr).splitlines()) < 60
    shown = subprocess.run(
        [sys.executable, "-m", "bank", "application"],
        cwd=copy, env=os.environ | {"DATA": str(data / "german_credit.csv")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(shown.stdout)["application"]["checkingAccount"]


def test_a_mistyped_file_is_refused_before_it_is_remembered(tmp_path):
    kept, log = tmp_path / "kept", tmp_path / "log"
    with process(
        *RUN,
        log=log,
        LOCALCLOUD_FOLDER=str(kept),
        DATA="/nowhere/loans.csv",
        PORT="0",
        AWS_PORT="0",
    ) as running:
        assert running.wait(PATIENCE_SECONDS) == 1

    assert "/nowhere/loans.csv" in log.read_text()
    assert "Traceback" not in log.read_text()
    assert not (kept / "data").exists()


def test_a_file_that_is_gone_is_told_with_what_to_do(tmp_path):
    kept, log = tmp_path / "kept", tmp_path / "log"
    kept.mkdir()
    (kept / "data").write_text("/nowhere/loans.csv")
    with process(*RUN, log=log, LOCALCLOUD_FOLDER=str(kept), PORT="0", AWS_PORT="0") as running:
        assert running.wait(PATIENCE_SECONDS) == 1

    said = log.read_text()
    assert "Traceback" not in said
    assert f"{kept / 'data'} remembers it" in said
    assert "DATA=applications.csv" in said
