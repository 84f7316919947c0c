"""The simulation of POST /predict on AWS: times, limits, cold starts and the page."""

import random

import pytest

from chalicelib import profile
from infrastructure.account.aws_path import __main__ as command
from infrastructure.account.aws_path import bending, bill
from infrastructure.account.aws_path.assumed_times import Draws, quantile, table, values
from infrastructure.account.aws_path.decision_path import DecisionPath, Design
from infrastructure.account.cost import Tariff

RATE, SECONDS = 50, 20


def outcome(design=None, rate=RATE, seconds=SECONDS, *, warm=True):
    return DecisionPath(design or Design("one"), warm=warm, seed=7).run(rate, seconds)


@pytest.fixture(scope="module")
def usual():
    return outcome()


@pytest.mark.parametrize("name", sorted(table()["times"]))
def test_drawn_times_have_the_quantiles_that_are_assumed(name):
    draws, row = Draws(random.Random(1)), table()["times"][name]
    drawn = sorted(draws.seconds(name) * 1000 for _ in range(20_000))

    assert quantile(drawn, 0.5) == pytest.approx(row["p50"], rel=0.05)
    assert quantile(drawn, 0.99) == pytest.approx(row["p99"], rel=0.1)


def test_the_same_seed_gives_the_same_times(usual):
    assert outcome().times == usual.times


def test_each_caller_ends_once_and_warm_ones_have_three_models(usual):
    assert set(usual.ends) == {"three models"}
    assert usual.ends.total() == len(usual.times)
    assert usual.ends.total() == pytest.approx(RATE * SECONDS, rel=0.15)


def test_a_warm_decision_takes_the_sum_of_its_parts(usual):
    p50 = {name: row["p50"] / 1000 for name, row in table()["times"].items()}
    way = p50["gateway"] + 3 * p50["invocation"] + 2 * p50["transition"] + p50["table"]
    work = values("work")
    own = 3 * (work.handler_cpu_ms + work.call_cpu_ms) / 1000 / work.function_vcpu
    least = way + own + p50["endpoint_way"] + work.trees_ms / 1000

    assert least < quantile(usual.times, 0.5) < 1.5 * least  # the slowest of three branches counts


def test_a_route_takes_its_burst_and_its_rate_and_refuses_the_rest():
    ends = outcome(Design("limited", route_rate=5, route_burst=10)).ends

    answered = ends.total() - ends["429"]
    assert 10 + 5 * (SECONDS - 1) <= answered <= 10 + 5 * SECONDS


def test_an_endpoint_without_places_sends_its_callers_away_with_202():
    ends = outcome(Design("narrow", endpoint_at_once=1), rate=200, seconds=10).ends

    assert ends["202"] > 0


def test_an_account_without_room_for_functions_fails():
    assert outcome(Design("small", functions_at_once=3)).ends["failed"] > 0


def test_a_table_that_is_full_fails_what_it_cannot_write():
    units = values("work").write_units
    ends = outcome(Design("full", table_units=units * RATE / 10)).ends

    assert ends["failed"] > ends["three models"]


def test_cold_containers_are_waited_for_and_provisioned_ones_are_not():
    cold, provisioned = (
        outcome(Design("one", provisioned=number), rate=1, seconds=60, warm=False).times
        for number in (0, 2)
    )

    assert cold[-1] > table()["times"]["container_start"]["p50"] / 1000
    assert provisioned[-1] < cold[-1]


def test_a_cold_start_costs_more_and_instances_cost_a_fixed_price(usual):
    at = Tariff()
    fixed = Design("instances", serverless=False, instances=4)
    none, four = (bill.a_month(one, 0, usual, at) for one in (Design("one"), fixed))

    assert bill.per_thousand(outcome(warm=False), at) > bill.per_thousand(usual, at)
    hours = 3 * 4 * at.month.hours
    assert four - none == pytest.approx(hours * at.usd.hosting_m5_large_hour)


def test_the_limits_of_the_stage_are_those_of_the_profile():
    limits, chosen = values("limits"), profile.load()

    route = chosen.api.limits["prod"].route
    assert (limits.route_rate, limits.route_burst) == (route.rate, route.burst)
    assert limits.endpoint_at_once == chosen.endpoint["prod"].max_concurrency
    assert chosen.endpoint["prod"].provisioned == command.PROVISIONED


def test_every_limit_has_a_rate_at_which_it_bends(usual):
    limits = {*table()["limits"]} - {"route_burst", "function_growth"}

    assert {*bending.bends(usual)} == limits == {*bending.AFTER}


def test_the_page_has_the_assumptions_that_the_simulation_reads():
    text = command.PAGE.read_text(encoding="utf-8")

    assert "\n".join(command.assumptions()) in text
