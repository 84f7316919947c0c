"""An artifact in S3 becomes a SageMaker endpoint, or a refusal."""

from typing import TYPE_CHECKING

from chalicelib import artifact
from chalicelib.endpoints import SETTLED, ModelEndpoints
from chalicelib.errors import EndpointBusy, InvalidArtifact
from chalicelib.model_bucket import Ending, ModelBucket
from chalicelib.profile import Profile

if TYPE_CHECKING:
    from chalicelib.notifications import NotificationTopic


def deploy(
    key: str,
    at: str,
    prefix: str,
    profile: Profile,
    bucket: ModelBucket,
    endpoints: ModelEndpoints,
    topic: "NotificationTopic",
) -> None:
    """createEndpointModel: what is not a valid, matching, untampered artifact changes nothing."""
    try:
        model, version = artifact.identity(key, prefix)
        body = bucket.read_artifact(key)
        bucket.accept(model, version, body, artifact.verify(body, model, version, profile))
    except InvalidArtifact as fault:
        topic.publish("rejected", key, str(fault))
        return
    bucket.arrived(model, version, at)
    converge(model, bucket, endpoints, topic)


def converge(
    model: str, bucket: ModelBucket, endpoints: ModelEndpoints, topic: "NotificationTopic"
) -> None:
    """Towards the newest arrival. A busy endpoint is left alone: its next event comes back here."""
    newest = bucket.newest_arrival(model)
    if newest is None or newest.attempted:
        return
    try:
        changed = endpoints.put(model, newest.version, bucket.verified_url(model, newest.version))
    except EndpointBusy:
        return
    bucket.attempted(model, newest)
    if changed:
        topic.publish("deployed", f"{model} {newest.version}", f"{newest.at}")


def changed(
    endpoint: str,
    profile: Profile,
    bucket: ModelBucket,
    endpoints: ModelEndpoints,
    topic: "NotificationTopic",
) -> None:
    """endpointChanged: take what arrived in the meantime, and tell once how a deployment ended.

    Told last: a topic that refuses holds no model up, and the event is tried again.
    """
    model = endpoint.rpartition("-")[2]
    live = endpoints.live(model) if model in profile.models else None
    if live is None or live["status"] not in SETTLED:
        return
    ending = Ending(live["since"], live["version"], "failed" if live["failure"] else "in-service")
    tried = [one.version for one in bucket.attempts(model)]
    converge(model, bucket, endpoints, topic)
    if ending not in bucket.endings(model):
        _tell(model, live["status"], ending, live["failure"], tried, topic)
        bucket.ended(model, ending)
    if ending.how == "in-service":
        tidy(model, ending.version, bucket, endpoints)


def tidy(model: str, live: str, bucket: ModelBucket, endpoints: ModelEndpoints) -> None:
    """The live version stays, the one before it, for a rollback, and what is about to come."""
    newest = bucket.newest_arrival(model)
    kept = {live, bucket.former(model, live), newest.version if newest else live}
    for arrival in bucket.attempts(model):
        if arrival.version not in kept:
            endpoints.clear(model, arrival.version)
            bucket.cleared(model, arrival)


def _tell(
    model: str,
    status: str,
    ending: Ending,
    failure: str,
    tried: list[str],
    topic: "NotificationTopic",
) -> None:
    if ending.how == "in-service":
        topic.publish("in service", f"{model} {ending.version}", ending.since)
    elif status == "Failed":
        topic.publish("failed", f"{model} {ending.version}", failure)
    else:
        wanted = tried[-1] if tried else ending.version
        topic.publish(
            "rolled back", f"{model} {wanted}", f"Sigue en servicio {ending.version}. {failure}"
        )
