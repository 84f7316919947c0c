"""A schedule that somebody stopped stays stopped: Chalice would start it at each deployment."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.settings import Settings
from infrastructure import ownership
from infrastructure.stack import Report


@contextmanager
def stopped_ones_stay_stopped(events: Any, settings: Settings, report: Report) -> Iterator[None]:
    stopped = [
        name
        for name in ownership.rules(settings)
        if events.describe_rule(Name=name)["State"] == "DISABLED"
    ]
    try:
        yield
    finally:
        for name in stopped:
            events.disable_rule(Name=name)
            report(f"{name} stays disabled: aws events enable-rule --name {name}")
