"""Views for the applicant: what would change, a counter-offer, explanation, contest, erasure."""

from datetime import UTC, datetime
from typing import Any

from chalice.app import Request

from chalicelib.decisions.intake.idempotency_keys import asked_by
from chalicelib.governance.erasure import erasure_request
from chalicelib.governance.reviews import contests
from chalicelib.governance.rights.counterfactuals import change, taken_offers
from chalicelib.governance.rights.counterfactuals.counter_offer import counter_offer
from chalicelib.governance.rights.explanation import explanation
from chalicelib.governance.rights.explanation_page import page
from chalicelib.http.request_body import json_body
from chalicelib.http.routes.request_context import (
    acting,
    acts_shown,
    language_of,
    offer_of,
    query_of,
    requested_by,
)
from chalicelib.http.web import html, wants_html
from chalicelib.people.caller import source_of
from chalicelib.services import services


def change_needed(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    using = services()
    stored = using.predictions.get(clientId, predictionId)
    committee = using.committee(stored.get("consents", ()))
    return change.needed(stored, language_of(request), committee.profile, committee, using.models)


def try_changes(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    from chalicelib.governance.rights.counterfactuals import trial  # the console alone asks

    using = services()
    stored = using.predictions.get(clientId, predictionId)
    committee = using.committee(stored.get("consents", ()))
    return trial.tried(stored, json_body(request), language_of(request), committee)


def offer(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    using = services()
    stored = using.predictions.get(clientId, predictionId)
    acts = using.predictions.acts(clientId, predictionId)
    taken = taken_offers.taken_by(stored, acts, using.predictions)
    committee = using.committee(stored.get("consents", ()))
    parts = (committee, using.models, datetime.now(UTC))
    return counter_offer(stored, taken, acts, language_of(request), *parts)


def take_offer(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    using, body, now = services(), json_body(request), datetime.now(UTC)
    stored = using.predictions.get(clientId, predictionId)

    def once(asked: dict[str, Any], name: str) -> dict[str, Any]:
        return using.analyses.analyse_for_good(asked | asked_by(requested_by(request)), name)

    act, bank = taken_offers.attempted(_by(request), now), using.profile_in_force()
    decided = taken_offers.take(
        stored, body, language_of(request), bank, using.predictions, once, act
    )
    if decided["decision"] == "APPROVE":
        using.reviews.close(stored | {"kind": "REVIEW"}, decided["createdAt"])
    return decided


def explain(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    using, said_in = services(), language_of(request)
    stored = using.predictions.get(clientId, predictionId)
    acts = using.predictions.acts(clientId, predictionId)
    taken = taken_offers.taken_by(stored, acts, using.predictions)
    explained = explanation(stored, acts, using.profile, said_in, taken)
    return html(page(explained), said_in) if wants_html(request) else explained


def contest(request: Request, clientId: str, predictionId: str) -> Any:  # noqa: N803
    using, now = services(), datetime.now(UTC)
    stored = using.predictions.get(clientId, predictionId)
    act = contests.filed(json_body(request), _by(request), now)
    parts = (using.predictions, using.reviews, offer_of(now), using.profile)
    contests.contest(stored, act, *parts)
    return acts_shown(request, stored)


def erase(request: Request, clientId: str) -> Any:  # noqa: N803 - the path's own name
    person, query, said_in = acting(request), query_of(request), language_of(request)
    return erasure_request.erase(clientId, query, person, services().eraser, said_in)


def _by(request: Request) -> dict[str, str]:
    """Return who acts: a person, or the source that a key stands for."""
    return requested_by(request) or {"source": source_of(request.context)}
