"""Views of the service itself: its models, whether it is ready, and its description."""

from datetime import UTC, datetime
from typing import Any

from chalice.app import Request

from chalicelib.http.web import published
from chalicelib.monitoring.inventory import inventory
from chalicelib.services import services


def models(request: Request) -> Any:
    using = services()
    parts = (using.models, using.endpoints, using.history, using.reports)
    return inventory(using.profile, *parts, datetime.now(UTC).date())


def ready(request: Request) -> Any:
    return services().readiness.report()


def health(request: Request) -> Any:
    profile = services().profile
    policy = profile.policy_version()
    return {"status": "ok", "product": profile.product.name, "policyVersion": policy}


def openapi(request: Request) -> Any:
    from chalicelib.http.openapi.document import description  # it takes 11 ms of a cold start

    return published(request, description(services().profile), "application/json")
