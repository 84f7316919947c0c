"""Contradictions of [api] in credit.toml."""

import msgspec
import pytest

from chalicelib.profile import load
from chalicelib.profile.contradictions.api_contradictions import of_api
from chalicelib.profile.tables.api_tables import LIMITS, Api, Limit, Limits

ROUTES = "less than the route's 9"


def faults(**changed):
    return [*of_api(msgspec.structs.replace(load(), api=Api(**changed)))]


def test_what_the_demo_has_is_no_contradiction():
    assert load().api.limits == LIMITS
    assert [*of_api(load())] == []


@pytest.mark.parametrize("stages", [(), ("dev",), ("dev", "prod", "test")])
def test_each_stage_has_limits_and_nothing_else(stages):
    fault = faults(limits=dict.fromkeys(stages, LIMITS["dev"]))[0]

    assert fault.startswith("api.limits must have the stages dev, prod, and no other: see ")


@pytest.mark.parametrize(
    ("key", "route", "fault"),
    [
        ((1, 1), (2, 2), None),
        ((9_999, 4_999), (10_000, 5_000), None),
        ((1, 1), (10_001, 2), "api.limits.dev.route.rate must be 2 to 10,000, not 10,001"),
        ((1, 1), (2, 5_001), "api.limits.dev.route.burst must be 2 to 5,000, not 5,001"),
        ((1, 1), (1, 2), "api.limits.dev.route.rate must be 2 to 10,000, not 1"),
        ((0, 1), (9, 2), f"api.limits.dev.key.rate must be 1 to 8, {ROUTES}, not 0"),
        ((9, 1), (9, 2), f"api.limits.dev.key.rate must be 1 to 8, {ROUTES}, not 9"),
        ((1, 0), (2, 9), f"api.limits.dev.key.burst must be 1 to 8, {ROUTES}, not 0"),
        ((1, 9), (2, 9), f"api.limits.dev.key.burst must be 1 to 8, {ROUTES}, not 9"),
    ],
)
def test_a_limit_is_one_that_api_gateway_takes_and_a_key_has_less_than_its_route(key, route, fault):
    limits = Limits(key=Limit(*key), route=Limit(*route))

    assert faults(limits=LIMITS | {"dev": limits}) == [fault] * bool(fault)
