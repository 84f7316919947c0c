"""The unit tests' stand-in of reentrenamiento, held to the same facts as the state machine."""

import time

import boto3
import pytest

from chalicelib.retraining.weekly_update import Execution, RetrainingMachine
from localcloud.embedded_cloud import embedded_cloud
from tests.contract.conftest import make_role
from tests.contract.stepfunctions.test_executions import machine, one
from tests.fakes import Runs

REPORT = {"models": [{"verdict": "promoted"}, {"verdict": "failed"}]}
REQUEST = {"previous": "20261117T100000", "version": "20261124T100000"}


@pytest.fixture(params=["cloud", "fake"])
def runs(request):
    if request.param == "fake":
        yield Runs()
        return
    with embedded_cloud(None):
        make_role()
        definition = one({"Type": "Pass", "Result": REPORT})
        yield RetrainingMachine(boto3.client("stepfunctions"), machine(definition, "STANDARD"))


def ended(runs):
    """Let the last execution end with REPORT, and return it."""
    if isinstance(runs, Runs):
        runs.end("SUCCEEDED", *(model["verdict"] for model in REPORT["models"]))
    else:
        deadline = time.monotonic() + 30
        while runs.last().running:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    return runs.last()


def test_without_an_execution_there_is_no_last_one(runs):
    assert runs.last() is None


def test_a_name_is_started_once_even_after_its_end(runs):
    assert runs.start("2026-W48-a", REQUEST) is True
    ended(runs)
    assert runs.start("2026-W48-a", REQUEST | {"version": "20261125T100000"}) is False


def test_an_ended_execution_has_where_it_began_and_the_verdict_of_each_model(runs):
    runs.start("2026-W48-a", REQUEST)

    assert ended(runs) == Execution(
        "2026-W48-a", "SUCCEEDED", *REQUEST.values(), ("promoted", "failed")
    )
    assert ended(runs).failed


def test_the_last_execution_is_the_one_that_was_started_last(runs):
    for version in ("20261124T100000", "20261201T100000"):
        runs.start(f"run-{version}", REQUEST | {"version": version})
        ended(runs)

    assert runs.last().version == "20261201T100000"
