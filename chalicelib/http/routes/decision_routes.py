"""Views that decide, and that read what was decided."""

from datetime import UTC, datetime
from typing import Any

from chalice.app import Request

from chalicelib.decisions import analysis, outcomes
from chalicelib.decisions.application import CreditApplication
from chalicelib.governance.rights.counterfactuals import taken_offers
from chalicelib.http.request_body import json_body
from chalicelib.http.routes.request_context import acts_shown, language_of, query_of, requested_by
from chalicelib.http.web import header_values
from chalicelib.people.caller import source_of
from chalicelib.services import services


def predict(request: Request) -> Any:
    using = services()
    application = CreditApplication.from_payload(json_body(request), using.profile)
    key = analysis.only_key(header_values(request, "idempotency-key"))
    parts = (using.machine, using.predictions, using.ever_served)
    return analysis.analyse(application, language_of(request), key, *parts, requested_by(request))


def predictions(request: Request, clientId: str) -> Any:  # noqa: N803 - the path's own name
    return analysis.page(clientId, query_of(request), services().predictions)


def prediction(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    stored = outcomes.with_outcomes(clientId, predictionId, services().predictions)
    return stored | acts_shown(request, stored)


def outcome(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    body, source = json_body(request), source_of(request.context)
    stored = services().predictions
    taken_offers.require_not_taken(stored.get(clientId, predictionId), stored)
    return outcomes.report(clientId, predictionId, body, source, stored, datetime.now(UTC))
