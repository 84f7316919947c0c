"""Each waits longer than what it waits for: definition, clients and functions, added up."""

import json

import pytest

from chalicelib.foundation.settings import Settings
from chalicelib.governance.rights.counterfactuals.committee import (
    PATIENCE_SECONDS as CHANGE_SECONDS,
)
from chalicelib.scoring import circuit, time_budgets
from chalicelib.services.client_times import ANALYSIS, SCORING, TESTING
from infrastructure.project import ROOT
from stepfunctions.lint import Anything
from stepfunctions.machine_deployment import MACHINES, render

CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
ANALYSIS_MACHINE = next(one for one in MACHINES if one.name == "analisisCredito")
VALUES = Anything(ANALYSIS_MACHINE.values(Settings("appvengers", "dev", "us-east-1"), "1"))
DEFINITION = json.loads(render("analisisCredito", VALUES))
MODELS = {
    name: state
    for branch in DEFINITION["States"]["ScoreInParallel"]["Branches"]
    for name, state in branch["States"].items()
    if state["Type"] == "Task"
}
SAVE = DEFINITION["States"]["saveResult"]
FUNCTION_SECONDS = 0.7  # start of a cold function, whose import takes 0.35 s


def waits(rule) -> list[float]:
    """The longest waits of a retrier, in their order."""
    rate = rule.get("BackoffRate", 2)
    return [
        min(rule["IntervalSeconds"] * rate**n, rule["MaxDelaySeconds"])
        for n in range(rule["MaxAttempts"])
    ]


REPEATS = [wait for rule in SAVE["Retry"] for wait in waits(rule)]
STORING_SECONDS = (1 + len(REPEATS)) * SAVE["TimeoutSeconds"] + sum(REPEATS)
SHORT_SECONDS = TESTING.connect_timeout + TESTING.read_timeout


def of(state, error):
    rules = [rule for rule in state["Retry"] if error in rule["ErrorEquals"]]
    assert rules, f"{error} is not retried: a serverless endpoint's cold start outlasts one attempt"
    return rules[0]


@pytest.mark.parametrize("model", MODELS)
def test_an_attempt_outlasts_its_endpoint_and_the_branch_two_attempts(model):
    state = MODELS[model]
    endpoint = SCORING.connect_timeout + SCORING.read_timeout

    assert SCORING.retries["total_max_attempts"] == 1
    assert endpoint < state["TimeoutSeconds"] == time_budgets.ATTEMPT_SECONDS
    for error in ("EndpointTimeout", "States.Timeout"):
        again = waits(of(state, error))[0]
        assert state["TimeoutSeconds"] + again <= time_budgets.LAST_ATTEMPT_SECONDS


@pytest.mark.parametrize("model", MODELS)
def test_time_outs_end_before_the_branch(model):
    """The last one but one comes in time, and the next attempt is the last."""
    wait = max(waits(of(MODELS[model], "EndpointTimeout")))
    last = time_budgets.LAST_TIMEOUT_SECONDS + wait + FUNCTION_SECONDS

    assert time_budgets.LAST_ATTEMPT_SECONDS < time_budgets.LAST_TIMEOUT_SECONDS
    assert last + SHORT_SECONDS < time_budgets.BRANCH_SECONDS


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("error", ["EndpointThrottled", "ModelNotReady"])
def test_a_throttled_endpoint_is_waited_for_longer_than_its_caller_waits(error, model):
    """The caller has 202, and what is decided is stored before the machine's time is over."""
    last = time_budgets.LAST_THROTTLED_SECONDS + FUNCTION_SECONDS + SHORT_SECONDS
    given_up = last + max(waits(of(MODELS[model], error))) + FUNCTION_SECONDS

    assert ANALYSIS.read_timeout < time_budgets.LAST_THROTTLED_SECONDS
    assert given_up + STORING_SECONDS < DEFINITION["TimeoutSeconds"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("error", ["States.Timeout", "Lambda.TooManyRequestsException"])
def test_what_keeps_the_function_from_running_ends_by_its_number_of_attempts(error, model):
    rule = of(MODELS[model], error)

    assert sum(waits(rule)) + time_budgets.ATTEMPT_SECONDS < time_budgets.BRANCH_SECONDS


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("error", ["EndpointThrottled", "ModelNotReady"])
def test_a_throttled_endpoint_is_asked_again_until_the_branchs_time_is_over(error, model):
    """With full jitter a wait is half of its longest on average.

    Five deviations below the mean they still fill the time."""
    rule = of(MODELS[model], error)
    longest = waits(rule)
    mean, variance = sum(longest) / 2, sum(one**2 for one in longest) / 12

    assert rule["JitterStrategy"] == "FULL"
    assert rule["BackoffRate"] > 1
    assert mean - 5 * variance**0.5 > time_budgets.LAST_THROTTLED_SECONDS


def test_the_parts_add_up_to_less_than_api_gateway_waits():
    branch = time_budgets.LAST_ATTEMPT_SECONDS + max(
        one["TimeoutSeconds"] for one in MODELS.values()
    )
    machine = branch + SAVE["TimeoutSeconds"]
    patience = ANALYSIS.connect_timeout + ANALYSIS.read_timeout

    assert time_budgets.ENDPOINT_SECONDS < branch == time_budgets.BRANCH_SECONDS < machine
    assert machine < ANALYSIS.read_timeout < patience < time_budgets.GATEWAY_SECONDS == 29
    assert ANALYSIS.retries["total_max_attempts"] == 1


def test_the_machine_never_cuts_off_what_is_being_stored():
    """All that saveResult may be repeated fits, so that what got 202 is there afterwards."""
    stored = time_budgets.BRANCH_SECONDS + STORING_SECONDS

    assert stored < DEFINITION["TimeoutSeconds"] < 300  # of Express
    assert DEFINITION["TimeoutSeconds"] > ANALYSIS.read_timeout


def test_no_function_ends_before_what_it_waits_for():
    of_all = CONFIG["lambda_timeout"]
    for stage in CONFIG["stages"].values():
        for name in (*MODELS, "saveResult"):
            own = stage["lambda_functions"][name].get("lambda_timeout", of_all)
            assert own > time_budgets.ATTEMPT_SECONDS
    assert of_all > time_budgets.GATEWAY_SECONDS


def test_a_change_is_looked_for_within_api_gateways_patience():
    assert (
        CHANGE_SECONDS + SCORING.connect_timeout + SCORING.read_timeout
        < time_budgets.GATEWAY_SECONDS
    )


def test_a_test_of_a_circuit_is_short_and_over_before_the_next():
    test = TESTING.connect_timeout + TESTING.read_timeout

    assert TESTING.read_timeout * 8 <= SCORING.read_timeout
    assert test < circuit.PAUSE_SECONDS
    assert TESTING.retries["total_max_attempts"] == 1
    assert circuit.FORGOTTEN_SECONDS > circuit.PAUSE_SECONDS + time_budgets.ATTEMPT_SECONDS


def test_keep_warm_waits_as_long_as_a_branch_does():
    in_time = time_budgets.LAST_ATTEMPT_SECONDS + SCORING.read_timeout

    assert in_time <= time_budgets.COLD_START_SECONDS


def test_an_analysis_has_ended_before_it_is_called_failed():
    """The machine may end while saveResult still stores; its function ends it."""
    function = CONFIG["stages"]["prod"]["lambda_functions"]["saveResult"]
    saving = function.get("lambda_timeout", CONFIG["lambda_timeout"])

    assert DEFINITION["TimeoutSeconds"] == time_budgets.MACHINE_SECONDS
    assert time_budgets.MACHINE_SECONDS + saving < time_budgets.PENDING_SECONDS


def test_a_repeat_runs_beside_no_caller_that_still_waits():
    assert ANALYSIS.connect_timeout + ANALYSIS.read_timeout <= time_budgets.HELD_SECONDS
