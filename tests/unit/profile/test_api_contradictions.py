"""Contradictions of [api] in credit.toml."""

import msgspec
import pytest

from chalicelib.profile import load
from chalicelib.profile.contradictions.api_contradictions import MOST, of_api
from chalicelib.profile.tables.api_tables import LIMITS, Api, Limit


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
    ("limit", "fault"),
    [
        (Limit(rate=1, burst=1), None),
        (Limit(rate=MOST["rate"], burst=MOST["burst"]), None),
        (Limit(rate=0, burst=1), "api.limits.dev.rate must be 1 to 10,000, not 0"),
        (Limit(rate=10_001, burst=1), "api.limits.dev.rate must be 1 to 10,000, not 10,001"),
        (Limit(rate=1, burst=0), "api.limits.dev.burst must be 1 to 5,000, not 0"),
        (Limit(rate=1, burst=5_001), "api.limits.dev.burst must be 1 to 5,000, not 5,001"),
    ],
)
def test_a_limit_is_one_that_api_gateway_takes(limit, fault):
    assert faults(limits=LIMITS | {"dev": limit}) == [fault] * bool(fault)
