"""Views of the review desk."""

from datetime import UTC, datetime
from typing import Any

from chalice.app import Request

from chalicelib.governance.reviews.portfolio import portfolio as figures_of
from chalicelib.governance.reviews.review_requests import period_request
from chalicelib.http.request_body import json_body
from chalicelib.http.routes.request_context import acting, acts_shown, query_of, review_desk
from chalicelib.services import services


def reviews(request: Request) -> Any:
    return review_desk().waiting(query_of(request))


def claim_review(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    return review_desk().claim(services().predictions.get(clientId, predictionId), acting(request))


def release_review(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    return review_desk().release(
        services().predictions.get(clientId, predictionId), acting(request)
    )


def review(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    body = json_body(request)
    stored = services().predictions.get(clientId, predictionId)
    review_desk().review(stored, body, acting(request))
    return acts_shown(request, stored)


def portfolio(request: Request) -> Any:
    using = services()
    period = period_request(query_of(request), datetime.now(UTC).date())
    return figures_of(period, using.predictions, using.profile.outcomes.rules)
