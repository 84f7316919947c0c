"""The route GET /models: each model's version in service, its origin, and its newest figures."""

import hashlib
from typing import Any

import msgspec

from chalicelib.models.endpoints import ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.profile import Profile
from chalicelib.retraining.reports import Reports
from chalicelib.retraining.training_history import TrainingHistory

Document = dict[str, Any]

SHOWN = ("method", "snapshot", "window", "rows", "bads", "metrics")


def inventory(
    profile: Profile,
    bucket: ModelBucket,
    endpoints: ModelEndpoints,
    history: TrainingHistory,
    reports: Reports,
) -> Document:
    """Return SageMaker's state of each model now, whether an event came or not.

    Nothing is recorded here: polling would race with endpointChanged, which records. `waiting` is
    an accepted version that is not deployed yet; `challenger` the newest that the gate has judged;
    `drift` the newest weekly report; `vintages` the outcomes of the decisions by month.
    """
    return {
        "models": {
            model: _described(model, bucket, endpoints, history) | {"challenger": judged}
            for model, judged in reports.challengers(profile.models).items()
        },
        "drift": reports.drift(),
        "vintages": reports.vintages(),
    }


def _described(
    model: str, bucket: ModelBucket, endpoints: ModelEndpoints, history: TrainingHistory
) -> Document:
    live, newest = endpoints.live(model), bucket.newest_arrival(model)
    waiting = {"waiting": newest.version} if newest and not newest.attempted else {}
    if live is None:
        return {"status": "NOT_DEPLOYED"} | waiting
    body = bucket.manifest(model, live["version"])
    if body is None:
        return live | waiting
    manifest, job = msgspec.json.decode(body), history.of_version(model, live["version"])
    lineage = {
        # Every decision carries the same hash of the model that scored it.
        "sha256": hashlib.sha256(body).hexdigest(),
        "job": job.name if job else None,
        "since": _since(model, live, bucket),
    }
    return live | waiting | {name: manifest[name] for name in SHOWN} | lineage


def _since(model: str, live: Document, bucket: ModelBucket) -> str:
    """Return when the version came into service, which a failed update does not change."""
    took_over = [
        one.since
        for one in bucket.endings(model)
        if (one.version, one.how) == (live["version"], "in-service")
    ]
    since: str = max(took_over, default=live["since"])
    return since
