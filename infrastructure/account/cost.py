"""The monthly bill of our design and of the usual alternatives, a row a service.

make cost
"""

import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

PRICES = Path(__file__).with_name("prices.toml")
VOLUMES = (1_000, 100_000, 10_000_000)
MODELS = 3
KB_A_GB = 1024**2
SECONDS_AN_HOUR = 3600

Bill = dict[str, float]  # service: USD a month


class Tariff:
    """Prices, and the use by a decision and by a month, by the names of prices.toml."""

    def __init__(self, path: Path = PRICES) -> None:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        self.taken_on, self.region = table["taken_on"], table["region"]
        self.usd = SimpleNamespace(**{name: one["usd"] for name, one in table["prices"].items()})
        self.one = SimpleNamespace(**table["usage"])
        self.month = SimpleNamespace(**table["monthly"])


def ours(decisions: int, at: Tariff) -> Bill:
    """Return the bill of prod, with a part of each endpoint's concurrency provisioned.

    Its invocations are counted at the higher price of concurrency that is not provisioned.
    """
    gb = MODELS * at.one.endpoint_gb * at.month.provisioned
    always = gb * at.month.hours * SECONDS_AN_HOUR * at.usd.provisioned_gb_second
    return serverless(decisions, at) | {"Provisioned concurrency": always}


def kept_warm(decisions: int, at: Tariff) -> Bill:
    """Return the bill of dev with keepWarm, which asks each endpoint every 5 minutes."""
    usd, one, month = at.usd, at.one, at.month
    asked = MODELS * one.endpoint_seconds * one.endpoint_gb * usd.serverless_gb_second
    function = one.warm_seconds * one.function_gb * usd.lambda_gb_second + usd.lambda_request
    rate = month.hours * 60 / month.warm_minutes
    return serverless(decisions, at) | {"Kept warm": rate * (asked + function)}


def serverless(decisions: int, at: Tariff) -> Bill:
    """Return the bill of serverless endpoints that start cold after a quiet time."""
    usd, one = at.usd, at.one
    seconds = one.api_seconds + MODELS * one.model_function_seconds + one.save_seconds
    functions = one.functions * usd.lambda_request
    functions += seconds * one.function_gb * usd.lambda_gb_second
    machine = usd.express_request + one.express_seconds * one.express_gb * usd.express_gb_second
    endpoints = MODELS * one.endpoint_seconds * one.endpoint_gb * usd.serverless_gb_second
    return {
        "API Gateway": decisions * usd.api_request,
        "Lambda": decisions * functions,
        "Step Functions": decisions * machine,
        "SageMaker endpoints": decisions * endpoints,
        "Events": decisions * _events(at),
        **_around(decisions, at),
    }


def always_on(decisions: int, at: Tariff) -> Bill:
    """Return the bill of three ml.m5.large around the clock, one for each model."""
    hosting = MODELS * at.month.hours * at.usd.hosting_m5_large_hour
    return serverless(decisions, at) | {"SageMaker endpoints": hosting}


def standard_machine(decisions: int, at: Tariff) -> Bill:
    """Return the bill of a STANDARD state machine.

    It cannot answer its caller, whose polling is not counted.
    """
    machine = decisions * at.one.transitions * at.usd.standard_transition
    return ours(decisions, at) | {"Step Functions": machine}


def fargate(decisions: int, at: Tariff) -> Bill:
    """Return the bill of FastAPI with the three models: two tasks behind a load balancer."""
    usd, month = at.usd, at.month
    task = month.fargate_vcpu * usd.fargate_vcpu_hour + month.fargate_gb * usd.fargate_gb_hour
    return {
        "Fargate": month.fargate_tasks * month.hours * task,
        "Load balancer": month.hours * (usd.balancer_hour + usd.balancer_unit_hour),
        **_around(decisions, at),
    }


def _around(decisions: int, at: Tariff) -> Bill:
    """Return the costs that every design has: storage, monitoring and training."""
    usd, one, month = at.usd, at.one, at.month
    written_kb = decisions * one.item_kb * one.item_copies
    stored_gb = written_kb * month.months_kept / KB_A_GB
    watching = month.metrics * usd.metric_month + month.alarm_metrics * usd.alarm_metric_month
    return {
        "DynamoDB": written_kb * usd.table_write + stored_gb * usd.table_gb_month,
        "S3": month.bucket_gb * usd.bucket_gb_month,
        "Retraining": _retraining(at),
        "CloudWatch": decisions * one.log_kb / KB_A_GB * usd.log_gb
        + watching
        + month.dashboards * usd.dashboard_month,
        "X-Ray": decisions * one.traced_share * usd.trace,
        "KMS": month.keys * usd.key_month,
    }


def _events(at: Tariff) -> float:
    """Return the costs of a decision's events, each published by an invocation of its own at worst.
    DynamoDB does not bill what Lambda reads of a stream; a subscriber's calls are not counted.
    """
    usd, one = at.usd, at.one
    publishing = one.publish_seconds * one.function_gb * usd.lambda_gb_second + usd.lambda_request
    return float(one.events * usd.event + publishing)


def _retraining(at: Tariff) -> float:
    """Return the costs of trainings and of the processing jobs of a retraining."""
    usd, month = at.usd, at.month
    training = month.trainings * month.training_hours * usd.training_m5_xlarge_hour
    processing = month.processings * month.processing_hours * usd.processing_m5_xlarge_hour
    transitions: float = month.retraining_transitions * usd.standard_transition
    return float(training + processing + transitions)


DESIGNS: dict[str, Callable[[int, Tariff], Bill]] = {
    "ours": ours,
    "warm": kept_warm,
    "instances": always_on,
    "Standard": standard_machine,
    "Fargate": fargate,
}


def table(decisions: int, at: Tariff) -> Table:
    bills = [bill(decisions, at) for bill in DESIGNS.values()]
    title = f"{decisions:,} decisions a month"
    shown = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    shown.add_column("USD a month", no_wrap=True)
    for name in DESIGNS:
        shown.add_column(name, justify="right", no_wrap=True)
    for service in dict.fromkeys(service for bill in bills for service in bill):
        shown.add_row(service, *(_money(bill.get(service)) for bill in bills))
    shown.add_section()
    shown.add_row("in all", *(_money(sum(bill.values())) for bill in bills))
    each = [sum(bill.values()) / decisions * 1000 for bill in bills]
    shown.add_row("1,000 decisions", *(_money(one) for one in each))
    return shown


def _money(usd: Any) -> str:
    return "" if usd is None else f"{usd:,.2f}"


def main() -> None:
    at, console = Tariff(), Console()
    for decisions in VOLUMES:
        console.print(table(decisions, at))
    console.print(
        f"Prices of {at.region}, written down on {at.taken_on} and not fetched; their pages, what "
        "a decision is taken to use, and how to bring both up to date: "
        "infrastructure/account/prices.toml."
    )


if __name__ == "__main__":
    main()
