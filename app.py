"""AppVengers: every Lambda function of the deployment, and what each one does."""

import os
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, Cron, Rate, Response, S3Event

from chalicelib.decisions import analysis, outcomes
from chalicelib.decisions.application import CreditApplication
from chalicelib.foundation.errors import AppVengersError
from chalicelib.foundation.observability import last_trained, observed
from chalicelib.foundation.settings import MODEL_PREFIX, Settings
from chalicelib.governance.erasure import client_erasure, erasure_request
from chalicelib.governance.evidence import anchoring
from chalicelib.governance.policies.policy_desk import PolicyDesk
from chalicelib.governance.policies.policy_swap_set import newest_decided
from chalicelib.governance.reviews import contests, overdue_cases
from chalicelib.governance.reviews.cases import review_case, shown
from chalicelib.governance.reviews.portfolio import portfolio as figures_of
from chalicelib.governance.reviews.review_desk import OfferOf, ReviewDesk
from chalicelib.governance.reviews.review_requests import period_request
from chalicelib.governance.rights.counterfactuals import change, taken_offers
from chalicelib.governance.rights.counterfactuals.counter_offer import counter_offer
from chalicelib.governance.rights.explanation import explanation
from chalicelib.governance.rights.explanation_page import page
from chalicelib.http import chalice_local
from chalicelib.http.request_body import json_body
from chalicelib.http.web import (
    CORS,
    NOT_STORED,
    answering,
    header_values,
    html,
    language,
    published,
    wants_html,
)
from chalicelib.models import champions, deployment
from chalicelib.monitoring import drift_watch, lost_events, warming
from chalicelib.monitoring.inventory import inventory
from chalicelib.people.admission import admission
from chalicelib.people.caller import person_of, signed_in, source_of
from chalicelib.people.routing import routing
from chalicelib.retraining import (
    evaluation,
    promotion,
    snapshot_opening,
    training_history,
    weekly_update,
)
from chalicelib.services import services

# Chalice needs the bucket's name to declare the trigger; the rest waits for the first call.
try:
    settings = Settings.from_environ(os.environ)
except AppVengersError as fault:  # Chalice's commands print an exception's traceback
    chalice_local.end(f"\n{fault}", os.environ)
chalice_local.start(sys.argv, os.environ, Path(__file__).parent)

app = Chalice(app_name=settings.app_name)
ANY = ["*/*"]  # else Chalice refuses a media type itself, and not as a problem
admit = admission(app, lambda: services().key_scopes, os.environ)
route = routing(app, CORS, ANY, os.environ)
answers_problems = answering(app, lambda: services().profile.product.language, admit)


def _requested_by() -> dict[str, str] | None:
    """Return the person who calls, by their verified token; None for a key."""
    person = person_of(app.current_request.context)
    return person and person.recorded()


def _acting() -> dict[str, str]:
    """Return the person who calls a route that keys can't call. Raises Unauthorized."""
    return signed_in(app.current_request.context).recorded()


def _shown(stored: dict[str, Any]) -> dict[str, Any]:
    """Return what people did about a decision, as its caller may see it."""
    request, using = app.current_request, services()
    acts = using.predictions.acts(stored["clientId"], stored["predictionId"])
    taken = taken_offers.taken_by_acts(stored, acts, using.predictions)
    said_in = language(request, using.profile.product.language)
    return shown(stored, acts, taken, said_in, to_people=person_of(request.context) is not None)


def _policy_desk() -> PolicyDesk:
    using = services()
    return PolicyDesk(using.policies, using.profile, datetime.now(UTC))


def _review_desk() -> ReviewDesk:
    using = services()
    now = datetime.now(UTC)
    return ReviewDesk(using.predictions, using.reviews, _offer_of(now), using.profile, now)


def _offer_of(now: datetime) -> OfferOf:
    """Return what says whether a decision's counter-offer was taken, as of its acts."""
    return partial(taken_offers.standing, predictions=services().predictions, now=now)


@route("POST", "/predict")
@answers_problems
def predict() -> Any:
    request, using = app.current_request, services()
    application = CreditApplication.from_payload(json_body(request), using.profile)
    key = analysis.only_key(header_values(request, "idempotency-key"))
    said_in = language(request, using.profile.product.language)
    parts = (using.machine, using.predictions, using.ever_served)
    return analysis.analyse(application, said_in, key, *parts, _requested_by())


@route("GET", "/predictions/{clientId}")
@answers_problems
def predictions(clientId: str) -> Any:  # noqa: N803 - the path's own name
    return analysis.page(clientId, app.current_request.query_params or {}, services().predictions)


@route("GET", "/predictions/{clientId}/{predictionId}")
@answers_problems
def prediction(clientId: str, predictionId: str) -> Any:  # noqa: N803 - the path's own names
    stored = outcomes.with_outcomes(clientId, predictionId, services().predictions)
    return stored | _shown(stored)


@route("POST", "/predictions/{clientId}/{predictionId}/outcome")
@answers_problems
def outcome(clientId: str, predictionId: str) -> Any:  # noqa: N803 - the path's own names
    body, source = json_body(app.current_request), source_of(app.current_request.context)
    stored = services().predictions
    taken_offers.require_not_taken(stored.get(clientId, predictionId), stored)
    return outcomes.report(clientId, predictionId, body, source, stored, datetime.now(UTC))


@route("GET", "/predictions/{clientId}/{predictionId}/change")
@answers_problems
def change_needed(clientId: str, predictionId: str) -> Any:  # noqa: N803 - the path's own names
    using = services()
    stored = using.predictions.get(clientId, predictionId)
    said_in = language(app.current_request, using.profile.product.language)
    committee = using.committee(stored.get("consents", ()))
    return change.needed(stored, said_in, committee.profile, committee, using.models)


@route("GET", "/predictions/{clientId}/{predictionId}/offer")
@answers_problems
def offer(clientId: str, predictionId: str) -> Any:  # noqa: N803 - the path's own names
    using = services()
    stored = using.predictions.get(clientId, predictionId)
    taken = taken_offers.taken_by(stored, using.predictions)
    acts = using.predictions.acts(clientId, predictionId)
    said_in = language(app.current_request, using.profile.product.language)
    committee = using.committee(stored.get("consents", ()))
    parts = (committee, using.models, datetime.now(UTC))
    return counter_offer(stored, taken, acts, said_in, *parts)


@route("POST", "/predictions/{clientId}/{predictionId}/offer")
@answers_problems
def take_offer(clientId: str, predictionId: str) -> Any:  # noqa: N803 - the path's own names
    using, body = services(), json_body(app.current_request)
    stored = using.predictions.get(clientId, predictionId)
    said_in = language(app.current_request, using.profile.product.language)
    parts: dict[str, Any] = {"machine": using.machine, "predictions": using.predictions}
    parts |= {"ever_served": using.ever_served, "requested_by": _requested_by()}
    once, bank = partial(analysis.analyse_once, **parts), using.profile_in_force()
    now = datetime.now(UTC)
    by = _requested_by() or {"source": source_of(app.current_request.context)}
    act = taken_offers.attempted(by, now)
    decided = taken_offers.take(stored, body, said_in, bank, using.predictions, once, act)
    if decided["decision"] == "APPROVE":
        using.reviews.close(stored | {"kind": "REVIEW"}, decided["createdAt"])
    return decided


@route("GET", "/predictions/{clientId}/{predictionId}/explanation")
@answers_problems
def explain(clientId: str, predictionId: str) -> Any:  # noqa: N803 - the path's own names
    request, using = app.current_request, services()
    said_in = language(request, using.profile.product.language)
    stored = using.predictions.get(clientId, predictionId)
    acts = using.predictions.acts(clientId, predictionId)
    taken = taken_offers.taken_by_acts(stored, acts, using.predictions)
    explained = explanation(stored, acts, using.profile, said_in, taken)
    return html(page(explained), said_in) if wants_html(request) else explained


@route("POST", "/predictions/{clientId}/{predictionId}/contest")
@answers_problems
def contest(clientId: str, predictionId: str) -> Any:  # noqa: N803 - the path's own names
    request, using = app.current_request, services()
    source, person = {"source": source_of(request.context)}, _requested_by()
    stored = using.predictions.get(clientId, predictionId)
    now = datetime.now(UTC)
    act = contests.filed(json_body(request), person or source, now)
    parts = (using.predictions, using.reviews, _offer_of(now), using.profile)
    contests.contest(stored, act, *parts)
    return _shown(stored)


@route("GET", "/reviews")
@answers_problems
def reviews() -> Any:
    return _review_desk().waiting(app.current_request.query_params or {})


@route("POST", "/predictions/{clientId}/{predictionId}/review/claim")
@answers_problems
def claim_review(clientId: str, predictionId: str) -> Any:  # noqa: N803 - the path's own names
    return _review_desk().claim(services().predictions.get(clientId, predictionId), _acting())


@route("POST", "/predictions/{clientId}/{predictionId}/review/release")
@answers_problems
def release_review(clientId: str, predictionId: str) -> Any:  # noqa: N803 - the path's own names
    return _review_desk().release(services().predictions.get(clientId, predictionId), _acting())


@route("POST", "/predictions/{clientId}/{predictionId}/review")
@answers_problems
def review(clientId: str, predictionId: str) -> Any:  # noqa: N803 - the path's own names
    using, body = services(), json_body(app.current_request)
    stored = using.predictions.get(clientId, predictionId)
    _review_desk().review(stored, body, _acting())
    return _shown(stored)


@route("GET", "/portfolio")
@answers_problems
def portfolio() -> Any:
    query, using = app.current_request.query_params or {}, services()
    period = period_request(query, datetime.now(UTC).date())
    return figures_of(period, using.predictions, using.profile.outcomes.rules)


@route("GET", "/policies")
@answers_problems
def policies() -> Any:
    return _policy_desk().overview()


@route("GET", "/policies/{version}")
@answers_problems
def policy(version: str) -> Any:
    return _policy_desk().document(version)


@route("POST", "/policies")
@answers_problems
def draft_policy() -> Any:
    return _policy_desk().draft(json_body(app.current_request), _acting())


@route("GET", "/policy-drafts/{draft}/swap-set")
@answers_problems
def policy_swap_set(draft: str) -> Any:
    query, today = app.current_request.query_params or {}, datetime.now(UTC).date()
    newest = partial(newest_decided, services().predictions, today)
    return _policy_desk().swap_set(draft, newest, query.get("decisions", "1000"))


@route("POST", "/policy-drafts/{draft}/approval")
@answers_problems
def approve_policy(draft: str) -> Any:
    return _policy_desk().approve(draft, _acting())


@route("POST", "/policy-rollback")
@answers_problems
def roll_policy_back() -> Any:
    return _policy_desk().roll_back(json_body(app.current_request), _acting())


@route("DELETE", "/clients/{clientId}")
@answers_problems
def erase(clientId: str) -> Any:  # noqa: N803 - the path's own name
    request, using = app.current_request, services()
    query, said_in = request.query_params or {}, language(request, using.profile.product.language)
    return erasure_request.erase(clientId, query, _acting(), using.eraser, said_in)


@route("GET", "/models")
@answers_problems
def models() -> Any:
    using = services()
    parts = (using.models, using.endpoints, using.history, using.reports)
    return inventory(using.profile, *parts, datetime.now(UTC).date())


@app.route("/health", methods=["GET", "HEAD"], cors=CORS, content_types=ANY)
def health() -> Any:
    profile = services().profile
    policy = profile.policy_version()
    body = {"status": "ok", "product": profile.product.name, "policyVersion": policy}
    return Response(body, {**NOT_STORED})


@app.route("/openapi.json", methods=["GET", "HEAD"], cors=CORS, content_types=ANY)
def openapi() -> Any:
    from chalicelib.http.openapi.document import description  # it takes 11 ms of a cold start

    return published(app.current_request, description(services().profile), "application/json")


@route("GET", "/ready")
@answers_problems
def ready() -> Any:
    return services().readiness.report()


@app.lambda_function(name="Tradicional")
@observed
def traditional(event: dict[str, Any], context: Any) -> Any:
    return services().scoring.score("Tradicional", event)


@app.lambda_function(name="NetworkingAccelerator")
@observed
def networking_accelerator(event: dict[str, Any], context: Any) -> Any:
    return services().scoring.score("NetworkingAccelerator", event)


@app.lambda_function(name="AppVengersAccelerator")
@observed
def appvengers_accelerator(event: dict[str, Any], context: Any) -> Any:
    return services().scoring.score("AppVengersAccelerator", event)


@app.lambda_function(name="saveResult")
@observed
def save_result(event: dict[str, Any], context: Any) -> Any:
    using = services()
    review_only = using.review_only.is_on()
    parts = (using.profile_in_force(), using.predictions, using.ever_served)

    def open_case(decided: dict[str, Any]) -> None:
        using.reviews.open(review_case(decided, using.profile))

    return analysis.record(event, *parts, review_only=review_only, open_case=open_case)


@app.schedule(Rate(5, unit=Rate.MINUTES), name="keepWarm")
@observed
def keep_warm(event: CloudWatchEvent) -> Any:
    using, at = services(), weekly_update.scheduled_at(event.to_dict())
    at_once = (
        using.profile.endpoint[settings.stage].keep_warm or 1
    )  # the rule is on if it is 1 or more
    models = using.profile.models
    return warming.run(at, datetime.now(UTC), models, at_once, using.patient_probes)


# A rate may begin to count anew at each deployment, a cron expression can't. Its days are UTC's.
@app.schedule(Cron(0, 3, "?", "*", "SUN", "*"), name="updateData")
@observed
def update_data(event: CloudWatchEvent) -> Any:
    using, at = services(), weekly_update.scheduled_at(event.to_dict())
    found = champions.champions(using.profile, using.endpoints, using.models)
    parts = (using.data, using.predictions, using.retraining, found, using.topic)
    done = weekly_update.update(at, using.profile, *parts)
    champions.publish_silent(found, settings.stage, using.endpoints, using.topic)
    lost_events.send_endpoints(using.profile.models, using.functions_that_wait)
    return done


@app.schedule(Cron(0, 4, "*", "*", "?", "*"), name="watchTraining")
@observed
def watch_training(event: CloudWatchEvent) -> None:
    using, at = services(), weekly_update.scheduled_at(event.to_dict())
    last_trained(using.data.days_since_training(at))
    lost_events.send_endpoints(using.profile.models, using.functions_that_wait)
    lost_events.send_trainings(at, using.history, using.data, using.functions_that_wait)


@app.schedule(Cron(0, 5, "?", "*", "SUN", "*"), name="watchDrift")
@observed
def watch_drift(event: CloudWatchEvent) -> Any:
    using, at = services(), weekly_update.scheduled_at(event.to_dict())
    parts = (using.models, using.endpoints, using.reports, using.topic)
    return drift_watch.watch(at, using.profile, using.predictions, *parts)


# After midnight, UTC, when the day is whole.
@app.schedule(Cron(0, 2, "*", "*", "?", "*"), name="anchorEvidence")
@observed
def anchor_evidence(event: CloudWatchEvent) -> Any:
    using, at = services(), weekly_update.scheduled_at(event.to_dict())
    parts = (using.record_log, using.object_log, using.anchors())
    return anchoring.anchor_days(at, *parts)


@app.schedule(Rate(1, unit=Rate.HOURS), name="watchReviews")
@observed
def watch_reviews(event: CloudWatchEvent) -> Any:
    using = services()
    at = weekly_update.scheduled_at(event.to_dict())
    return overdue_cases.watch(at, using.reviews, using.predictions, _offer_of(at))


@app.lambda_function(name="eraseClient")
@observed
def erase_client(event: dict[str, Any], context: Any) -> Any:
    using = services()
    parts = (using.profile.retention, using.erasures, using.decision_files)
    return client_erasure.erase(event, *parts, datetime.now(UTC))


@app.lambda_function(name="openSnapshot")
@observed
def open_snapshot(event: dict[str, Any], context: Any) -> Any:
    return snapshot_opening.open_snapshot(event, settings.prefix, services().retraining_files)


@app.lambda_function(name="evaluateModel")
@observed
def evaluate_model(event: dict[str, Any], context: Any) -> Any:
    using = services()
    return evaluation.evaluate(event, using.profile_in_force(), using.retraining_files)


@app.lambda_function(name="promoteModel")
@observed
def promote_model(event: dict[str, Any], context: Any) -> Any:
    using = services()
    parts = (using.retraining_files, using.packages, using.endpoints, using.models)
    return promotion.promote(event, using.profile, *parts)


@app.on_cw_event(
    {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {
            "ModelPackageGroupName": [{"prefix": f"{settings.prefix}-"}],
            "ModelApprovalStatus": ["Approved"],
        },
    },
    name="packageApproved",
)
@observed
def package_approved(event: CloudWatchEvent) -> None:
    using, arn = services(), event.detail["ModelPackageArn"]
    parts = (using.retraining_files, using.packages, using.endpoints, using.models, using.topic)
    promotion.approved(arn, *parts)


@app.on_s3_event(
    bucket=settings.model_bucket,
    events=["s3:ObjectCreated:*"],
    prefix=MODEL_PREFIX,
    name="createEndpointModel",
)
@observed
def create_endpoint_model(event: S3Event) -> None:
    using, at = services(), event.to_dict()["Records"][0]["eventTime"]
    parts = (using.profile, using.models, using.endpoints, using.topic)
    deployment.deploy(event.key, at, settings.prefix, *parts)


@app.on_cw_event(
    {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Endpoint State Change"],
        "detail": {"EndpointName": [{"prefix": f"{settings.prefix}-"}]},
    },
    name="endpointChanged",
)
@observed
def endpoint_changed(event: CloudWatchEvent) -> None:
    using, endpoint = services(), event.detail["EndpointName"]
    deployment.changed(endpoint, using.profile, using.models, using.endpoints, using.topic)


@app.on_cw_event(
    {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Training Job State Change"],
        "detail": {
            "TrainingJobName": [{"prefix": f"{settings.prefix}-"}],
            "TrainingJobStatus": ["Completed", "Failed", "Stopped"],
        },
    },
    name="trainingChanged",
)
@observed
def training_changed(event: CloudWatchEvent) -> None:
    using, job = services(), event.detail["TrainingJobName"]
    training_history.publish_ending(job, using.history, using.data, using.topic)
