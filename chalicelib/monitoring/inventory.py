"""The route GET /models: each model's version in service, its origin, and its newest figures."""

import hashlib
from datetime import date
from typing import Any

import msgspec

from chalicelib.foundation.notifications import NotificationTopic
from chalicelib.models.endpoints import ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.profile import Inventory, Profile
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
    today: date,
) -> Document:
    """Return SageMaker's state of each model now, whether an event came or not.

    Nothing is recorded here: polling would race with endpointChanged, which records. `waiting` is
    an accepted version that is not deployed yet; `challenger` the newest that the gate has judged;
    `drift` the newest weekly report; `vintages` the outcomes of the decisions by month.
    """
    return {
        "models": {
            model: _described(model, bucket, endpoints, history)
            | {"challenger": judged}
            | _responsible(profile.models[model].inventory, today)
            for model, judged in reports.challengers(profile.models).items()
        },
        "drift": reports.drift(),
        "vintages": reports.vintages(),
    }


def publish_overdue(profile: Profile, today: date, topic: NotificationTopic) -> None:
    """Publish a notice of the models whose review was due before today."""
    overdue = [
        f"{name}: {model.inventory.next_review}, {model.inventory.validator}"
        for name, model in profile.models.items()
        if model.inventory and model.inventory.is_overdue(today)
    ]
    if overdue:
        topic.publish("review overdue", today.isoformat(), "\n".join(overdue))


def _responsible(inventory: Inventory | None, today: date) -> Document:
    """Return a model's entry of the inventory in credit.toml, and whether its review is overdue."""
    if inventory is None:
        return {}
    entry = {
        "owner": inventory.owner,
        "developer": inventory.developer,
        "validator": inventory.validator,
        "tier": inventory.tier,
        "intendedUse": msgspec.to_builtins(inventory.intended_use),
        "limits": msgspec.to_builtins(inventory.limits),
        "nextReview": inventory.next_review.isoformat(),
        "overdue": inventory.is_overdue(today),
    }
    return {"inventory": entry}


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
        "scores": manifest.get("scores"),  # of the holdout; older artifacts have none
        "holdout": manifest.get("holdout"),
        "intervals": manifest.get("intervals", {}),
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
