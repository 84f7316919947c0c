"""The programs of docs/api.md, run as they stand there: one by a client that is generated."""

import json
import os
import re
import subprocess
import sys

import pytest

from bank.first_run import body_of
from infrastructure.project import ROOT
from tests.workflow.conftest import API_KEY

CLIENT = ROOT / ".venv-client" / "bin"  # make .venv-client/ready; `make test` does
HANDBOOK = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
SECTION = HANDBOOK.partition("## Call it from a program")[2].partition("\n## ")[0]
BY_LIBRARY, BY_CLIENT = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
(CURL,) = re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL)


@pytest.fixture
def run(served, loans, tmp_path):
    """Run a program in a folder with an application, and return what it prints."""
    (tmp_path / "application.json").write_text(json.dumps(body_of(loans[7])))

    def told(command, **more):
        environ = {**os.environ, "API": served.url, "KEY": API_KEY, **more}
        done = subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return told


@pytest.fixture
def generated(run, served, tmp_path):
    assert CLIENT.exists(), "make .venv-client/ready"
    description = ["--url", f"{served.url}/openapi.json", "--meta", "none", "--fail-on-warning"]
    package = ["--output-path", str(tmp_path / "bank_client")]
    run(
        [CLIENT / "openapi-python-client", "generate", *description, *package],
        PATH=f"{CLIENT}:{os.environ['PATH']}",
    )
    return tmp_path


def test_the_three_programs_of_the_handbook_get_one_decision(run, generated):
    by_curl = json.loads(run(["sh", "-c", CURL]))
    by_library = run([sys.executable, "-c", BY_LIBRARY]).splitlines()
    decided, listed = run([CLIENT / "python", "-c", BY_CLIENT]).splitlines()

    assert decided == by_library[0]
    assert decided.startswith(f"{by_curl['decision']} {by_curl['score']} [")
    assert (by_curl["predictionId"] in listed) == (by_curl["decision"] == "REVIEW")


def test_a_problem_has_a_class_of_its_own(run, generated):
    wrong = json.loads((generated / "application.json").read_text())
    del wrong["clientId"]
    (generated / "application.json").write_text(json.dumps(wrong | {"clientId": "-"}))
    (fault, *_) = run([CLIENT / "python", "-c", BY_CLIENT]).splitlines()

    assert fault.startswith("[('clientId', ")
