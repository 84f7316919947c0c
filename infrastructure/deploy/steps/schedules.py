"""Schedules that stay disabled: Chalice would enable each of them at each deployment."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.foundation.settings import Settings
from infrastructure.deploy.steps import ownership
from infrastructure.deploy.steps.stack import Report


@contextmanager
def stopped_ones_stay_stopped(
    events: Any, settings: Settings, report: Report, *, keeps_warm: bool
) -> Iterator[None]:
    """Disable again the rules that an operator disabled, and keepWarm unless the profile has it."""
    warming = f"{settings.function('keepWarm')}-event"
    stopped = [
        name
        for name in ownership.rules(settings)
        if name != warming and events.describe_rule(Name=name)["State"] == "DISABLED"
    ]
    try:
        yield
    finally:
        for name in stopped:
            events.disable_rule(Name=name)
            report(f"{name} stays disabled: aws events enable-rule --name {name}")
        if not keeps_warm and warming in ownership.rules(settings):
            events.disable_rule(Name=warming)
            report(f"{warming} is disabled: keep_warm of [endpoint.{settings.stage}] is 0")
