"""Deployment of artifacts: createEndpointModel and endpointChanged."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.foundation.errors import EndpointBusy, EndpointOnInstances, InvalidArtifact
from chalicelib.models import artifact
from chalicelib.models.challengers import Challengers
from chalicelib.models.endpoints import GOING, SETTLED, ModelEndpoints
from chalicelib.models.model_bucket import Arrival, Ending, How, ModelBucket, Refusal
from chalicelib.profile import Profile

if TYPE_CHECKING:
    from chalicelib.foundation.notifications import NotificationTopic

Document = dict[str, Any]

MOST_TOLD = 200  # characters of a reason
MEANT = {
    "UpdateRollbackFailed": "Responden dos versiones: suba de nuevo la que deba responder.",
    "OutOfService": "No responde: suba de nuevo la versión que deba responder.",
}
WAITING = (
    "Su endpoint está en instancias y credit.toml lo pide serverless: AWS no lo cambia en sitio. "
    "Sigue respondiendo la versión anterior. Cuando convenga, bórrelo (el modelo no responde "
    "unos minutos, y mientras tanto decide la política de respuestas parciales):\n"
    "aws sagemaker delete-endpoint --endpoint-name {endpoint}\n"
    "docs/operations.md: From instances to serverless."
)


@dataclass(frozen=True, slots=True)
class Upload:
    """An object of the model bucket, and S3's time of it."""

    key: str
    at: str


def deploy(
    upload: Upload,
    prefix: str,
    profile: Profile,
    bucket: ModelBucket,
    challengers: Challengers,
    endpoints: ModelEndpoints,
    topic: "NotificationTopic",
) -> None:
    """Verify an uploaded artifact and begin its deployment (createEndpointModel).

    An invalid artifact, or a challenger that no person has approved, is refused with a notice and
    changes nothing; a refusal of one of the profile's models is recorded. If the endpoint is busy,
    the artifact waits for endpointChanged.
    """
    model = version = ""
    try:
        model, version = artifact.identity(upload.key, prefix)
        challengers.require_none_waits(model, version)
        body = bucket.read_artifact(upload.key)
        bucket.accept(model, version, body, artifact.verify(body, model, version, profile))
    except InvalidArtifact as fault:
        if model in profile.models:
            bucket.refused(model, Refusal(version, upload.at, fault.fault))
        topic.publish("rejected", upload.key, fault.fault.bilingual())
        return
    bucket.arrived(model, version, upload.at)
    live = endpoints.live(model)
    if live is None or live["status"] in (*SETTLED, *GOING):
        settle(model, live, bucket, endpoints, topic)


def changed(
    endpoint: str,
    profile: Profile,
    bucket: ModelBucket,
    endpoints: ModelEndpoints,
    topic: "NotificationTopic",
) -> None:
    """Record how a deployment ended, notify of it once, and begin the next one (endpointChanged).

    Only the endpoint's name is used of the event: it may come twice, late, out of order, or from
    lost_events. Raises EndpointGoing while a version waits for an endpoint to be deleted.
    """
    model = endpoint.rpartition("-")[2]
    if model not in profile.models:
        return
    live = endpoints.live(model)
    if live and live["status"] not in (*SETTLED, *GOING):
        return
    settle(model, live, bucket, endpoints, topic)
    if live and _answers(live):
        tidy(model, live["version"], bucket, endpoints)


def settle(
    model: str,
    live: Document | None,
    bucket: ModelBucket,
    endpoints: ModelEndpoints,
    topic: "NotificationTopic",
) -> None:
    """Record how the last deployment ended, begin the next one, and notify of the ending.

    The record comes first, as the next deployment overwrites the endpoint's state. The notice comes
    last: a fault of the topic delays no model, and Lambda tries the event again.
    """
    tried = bucket.attempts(model)
    ending = _recorded(model, live, tried, bucket) if live and live["status"] in SETTLED else None
    try:
        converge(model, bucket, endpoints, topic)
    finally:  # a failed endpoint that is being deleted is gone when Lambda retries this event
        if live and ending:
            _publish_ending(model, live, [one.version for one in tried], topic)
            bucket.mark_published(model, ending)


def converge(
    model: str, bucket: ModelBucket, endpoints: ModelEndpoints, topic: "NotificationTopic"
) -> None:
    """Deploy the newest arrival unless it was attempted before. A busy endpoint is left alone."""
    newest = bucket.newest_arrival(model)
    if newest is None or newest.attempted:
        return
    try:
        changed = endpoints.put(model, newest.version, bucket.verified_url(model, newest.version))
    except EndpointBusy:
        return
    except EndpointOnInstances as fault:
        if bucket.waits(model, newest):
            topic.publish("waiting", f"{model} {newest.version}", WAITING.format(endpoint=fault))
        return
    bucket.attempted(model, newest)
    if changed:
        topic.publish("deployed", f"{model} {newest.version}", f"{newest.at}")


def _recorded(
    model: str, live: Document, tried: list[Arrival], bucket: ModelBucket
) -> Ending | None:
    """Record how the deployment ended. Return the ending if no notice was published yet. A version
    that was recorded may be in service since later: an untold ending of it is still to be told.
    """
    how: How = "in-service" if _answers(live) else "failed"
    ending = Ending(live["since"], live["version"], how)
    endings = bucket.endings(model)
    if _is_news(ending, live["created"], endings, tried):
        return ending if bucket.ended(model, ending) else None  # whoever recorded it publishes
    known = [one for one in endings if (one.version, one.how) == (ending.version, how)]
    untold = known and known[-1] == endings[-1] and not bucket.is_published(model, known[-1])
    return known[-1] if untold else None


def _answers(live: Document) -> bool:
    return live["status"] == "InService" and not live["failure"]


def _is_news(ending: Ending, created: str, endings: list[Ending], tried: Iterable[Arrival]) -> bool:
    """Return whether an ending is new.

    A restart or AWS's maintenance of the version in service is not. It is new if another version
    was tried meanwhile and how that ended was not recorded: its event was lost, and somebody has
    put the version before back by hand.
    """
    served = [one for one in endings if one.how == "in-service"]
    if ending.how == "failed" or not served or served[-1].version != ending.version:
        return ending not in endings
    recorded = datetime.fromisoformat(endings[-1].since)
    lost = any(
        one.version != ending.version and datetime.fromisoformat(one.at) > recorded for one in tried
    )
    return lost or datetime.fromisoformat(served[-1].since) < datetime.fromisoformat(created)


def tidy(model: str, live: str, bucket: ModelBucket, endpoints: ModelEndpoints) -> None:
    """Clear the versions that arrived before the live one, except the one for a rollback.

    Later arrivals stay: one of them may be under way since `live` was read, and an endpoint whose
    configuration is deleted can no longer be updated.
    """
    for arrival in bucket.superseded(model, live):
        endpoints.clear(model, arrival.version)
        bucket.cleared(model, arrival)


def _publish_ending(
    model: str, live: Document, tried: list[str], topic: "NotificationTopic"
) -> None:
    version, why = live["version"], _in_a_line(live["failure"])
    if _answers(live):
        topic.publish("in service", f"{model} {version}", live["since"])
    elif live["status"] == "InService":
        wanted = tried[-1] if tried else version
        topic.publish("rolled back", f"{model} {wanted}", f"Sigue en servicio {version}. {why}")
    else:
        told = f"{MEANT.get(live['status'], '')} {why}".strip()
        topic.publish("failed", f"{model} {version}", told)


def _in_a_line(failure: str) -> str:
    """Return the first and last line of SageMaker's reason, which may hold a whole traceback."""
    lines = [line.strip() for line in failure.splitlines() if line.strip()]
    if len(lines) <= 1 and len(failure) <= MOST_TOLD:
        return "".join(lines)
    ends = lines if len(lines) == 1 else [lines[0], lines[-1]]
    most = MOST_TOLD // len(ends)
    cut = [line if len(line) <= most else f"{line[: most - 1]}…" for line in ends]
    return f"{' … '.join(cut)} (entero en aws sagemaker describe-endpoint)"
