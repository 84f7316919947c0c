"""The short form of `make drills`: calls that fail or come late, on a caller's flows."""

import pytest

from tests.drills.calls.decision_flows import Outcome, Predict
from tests.drills.calls.runs import faults, places, without_guard
from tests.drills.machines.decision_machine import MachinePredict

BRIEF = {
    Predict: ("api_handler", "saveResult"),
    MachinePredict: ("analisisCredito",),
    Outcome: ("api_handler",),
}


@pytest.fixture(scope="module", params=BRIEF, ids=lambda flow: flow.name)
def flow(request, served, loans):
    made = request.param(served, loans[0])
    made.functions = BRIEF[request.param]
    yield made
    made.announced.end()


def test_a_call_that_fails_once_breaks_nothing(flow):
    assert [one for one in faults(flow, ("failed",)) if one.at_last or not one.hit] == []


def test_without_its_guard_the_flow_breaks(flow):
    with_guard, without = without_guard(flow)

    assert with_guard.hit
    assert without.hit
    assert with_guard.at_last == []
    assert without.at_last != []


def test_each_function_of_the_flow_makes_calls(flow):
    assert {one.call.partition(" ")[0] for one in places(flow)} == {*flow.functions}
