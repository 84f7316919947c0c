"""The rate at which each limit of AWS, or of our own, is reached by warm decisions."""

from collections.abc import Iterator

from infrastructure.account.aws_path.assumed_times import table, values
from infrastructure.account.aws_path.decision_path import Outcome

# What happens at each limit, and what moves it.
AFTER = {
    "route_rate": "callers get 429 with Retry-After; `[api.limits]` of credit.toml",
    "functions_at_once": "Lambda throttles: the API fails, branches repeat; a quota",
    "endpoint_at_once": "an endpoint throttles, its branch asks again for 32 s, callers get 202; "
    "`max_concurrency` of credit.toml",
    "endpoint_most": "the same; then instances, or a second endpoint",
    "new_table_units": "writes are throttled, saveResult repeats; the table grows by itself to "
    "twice its last peak after 30 minutes, or has warm throughput",
    "index_units": "the index throttles its table; more keys a day in "
    "`chalicelib/decisions/day_index.py`",
    "gateway_rate": "API Gateway refuses with 429; a quota",
}


def bends(outcome: Outcome) -> dict[str, float]:
    """Return decisions a second at which each limit is reached, by its name."""
    limits, work, decided = values("limits"), values("work"), len(outcome.times)
    busy = outcome.api_seconds + outcome.model_seconds + outcome.save_seconds
    in_endpoint = (work.trees_ms + table()["times"]["endpoint_way"]["p50"]) / 1000
    return {
        "route_rate": limits.route_rate,
        "functions_at_once": limits.functions_at_once / (busy / decided),
        "endpoint_at_once": limits.endpoint_at_once / in_endpoint,
        "endpoint_most": limits.endpoint_most / in_endpoint,
        "new_table_units": limits.new_table_units / work.write_units,
        "index_units": limits.index_units / work.write_units,
        "gateway_rate": limits.gateway_rate,
    }


def lines(outcome: Outcome) -> Iterator[str]:
    """Yield a table of the limits, the one that is reached first on top."""
    found = bends(outcome)
    yield "| limit | value | reached at decisions a second | then, and what moves it |"
    yield "|---|---:|---:|---|"
    for name in sorted(found, key=lambda one: found[one]):
        value = table()["limits"][name]["value"]
        yield f"| `{name}` | {value:,} | {found[name]:,.0f} | {AFTER[name]} |"
