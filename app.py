"""AppVengers: every Lambda function of the deployment, and what each one does."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, Cron, Rate, S3Event

from chalicelib.decisions.intake import analysis
from chalicelib.foundation.errors import AppVengersError
from chalicelib.foundation.observability import last_trained, observed
from chalicelib.foundation.settings import MODEL_PREFIX, Settings
from chalicelib.governance.erasure import erasure_request, erasure_sweep
from chalicelib.governance.evidence import anchoring
from chalicelib.governance.reviews import overdue_cases
from chalicelib.http import chalice_local, response_headers
from chalicelib.http.routes.request_context import offer_of
from chalicelib.http.routes.route_table import OPEN, ROUTES
from chalicelib.http.web import Answering
from chalicelib.models import champions, deployment
from chalicelib.monitoring import drift_watch, lost_events, warming
from chalicelib.people.admission import admission
from chalicelib.people.routing import routing
from chalicelib.retraining import (
    evaluation,
    promotion,
    snapshot_opening,
    training_history,
    weekly_update,
)
from chalicelib.services import batch_services, event_services, services

# Chalice needs the bucket's name to declare the trigger; the rest waits for the first call.
try:
    settings = Settings.from_environ(os.environ)
except AppVengersError as fault:  # Chalice's commands print an exception's traceback
    chalice_local.end(f"\n{fault}", os.environ)
chalice_local.start(sys.argv, os.environ, Path(__file__).parent)

app = Chalice(app_name=settings.app_name)
ANY = ["*/*"]  # else Chalice refuses a media type itself, and not as a problem
admit = admission(app, lambda: services().key_scopes, os.environ)
route = routing(app, ANY, os.environ)
answers_problems = Answering(app, lambda: services().profile.product.language, admit)

for method, path, view in ROUTES:
    route(method, path)(answers_problems(view))
for path, view in OPEN:
    app.route(path, methods=["GET", "HEAD"], content_types=ANY)(answers_problems(view))
response_headers.complete(app, lambda: services().profile.api, settings.stage)


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
    return analysis.record(event, *parts, review_only=review_only, open_case=using.open_case)


# The steps of lotesCredito, then of events and webhooks. AWS finds each by its name here.
index_batch = app.lambda_function(name="indexBatch")(observed(batch_services.index_batch))
decide_chunk = app.lambda_function(name="decideChunk")(observed(batch_services.decide_chunk))
close_batch = app.lambda_function(name="closeBatch")(observed(batch_services.close_batch))
publish_events = app.lambda_function(name="publishEvents")(observed(event_services.publish_events))
deliver_events = app.lambda_function(name="deliverEvents")(observed(event_services.deliver_events))


@app.schedule(Rate(5, unit=Rate.MINUTES), name="keepWarm")
@observed
def keep_warm(event: CloudWatchEvent) -> Any:
    using, at = services(), weekly_update.scheduled_at(event.to_dict())
    # The rule is on if it is 1 or more.
    at_once = using.profile.endpoint[settings.stage].keep_warm or 1
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
    overdue = overdue_cases.watch(at, using.reviews, using.predictions, offer_of(at))
    erasure_request.watch(at, using.eraser)
    return overdue


@app.lambda_function(name="eraseClient")
@observed
def erase_client(event: dict[str, Any], context: Any) -> Any:
    using = services()
    stored = (using.erasures, using.decision_files, using.predictions, using.reviews)
    return erasure_sweep.run(event, using.profile.retention, *stored, datetime.now(UTC))


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
    parts = (using.retraining_files, using.registry, using.endpoints, using.models)
    return promotion.promote(event, using.profile, *parts, datetime.now(UTC))


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
    parts = (using.retraining_files, using.registry, using.endpoints, using.models, using.topic)
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
    registry, upload = using.registry.challengers, deployment.Upload(event.key, at)
    parts = (using.profile, using.models, registry, using.endpoints, using.topic)
    deployment.deploy(upload, settings.prefix, *parts)


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
