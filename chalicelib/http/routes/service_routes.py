"""Views of the service itself: its models, and whether it is ready."""

from datetime import UTC, datetime
from typing import Any

from chalice.app import Request

from chalicelib.monitoring.inventory import inventory
from chalicelib.services import services


def models(request: Request) -> Any:
    using = services()
    parts = (using.models, using.endpoints, using.history, using.reports)
    return inventory(using.profile, *parts, datetime.now(UTC).date())


def ready(request: Request) -> Any:
    return services().readiness.report()
