"""Views that decide, and that read what was decided."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from chalice.app import Request

from chalicelib.decisions import outcomes
from chalicelib.decisions.application import CreditApplication
from chalicelib.decisions.intake import analysis, pending_analyses
from chalicelib.decisions.intake.idempotency_keys import only_key
from chalicelib.governance.rights.counterfactuals import taken_offers
from chalicelib.http.preferences import RESPOND_ASYNC, prefers
from chalicelib.http.request_body import json_body
from chalicelib.http.routes.request_context import (
    acts_shown,
    case_shown,
    language_of,
    requested_by,
)
from chalicelib.http.web import REPLAYED, Answer, header_values
from chalicelib.people.caller import source_of
from chalicelib.services import services


def predict(request: Request) -> Any:
    using = services()
    application = CreditApplication.from_payload(json_body(request), using.profile)
    key = only_key(header_values(request, "idempotency-key"))
    asked = analysis.new_request(application, language_of(request), requested_by(request))
    is_async = prefers(RESPOND_ASYNC, header_values(request, "prefer"))
    done = using.analyses.analyse(asked, key, respond_async=is_async)
    return Answer(done.decision, REPLAYED if done.is_replayed else {})


def prediction(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    found = services().predictions
    with pending_analyses.known(clientId, predictionId, found, datetime.now(UTC)):
        stored = outcomes.with_outcomes(clientId, predictionId, found)
    acts = acts_shown(request, stored)
    return stored | acts | (case_shown(request, stored) if acts["awaits"] else {})


def replay(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    from chalicelib.governance.evidence import replay_check  # a person asks, now and then

    using = services()
    return replay_check.replayed(using.predictions.get(clientId, predictionId), using.scoring)


def evidence(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    from chalicelib.governance.archive.decision_pack import decision_pack

    using = services()
    using.predictions.get(clientId, predictionId)  # raises PredictionNotFound
    return decision_pack(clientId, predictionId, using.record_log, using.anchors())


def outcome(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    body, source = json_body(request), source_of(request.context)
    stored, now = services().predictions, datetime.now(UTC)
    not_taken = partial(taken_offers.require_not_taken, predictions=stored, now=now)
    return outcomes.report(clientId, predictionId, body, source, stored, now, not_taken)
