"""Promotion of a challenger: promoteModel, or packageApproved after a person's approval."""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.foundation.errors import ArtifactChanged, ChampionChanged
from chalicelib.models.challengers import Challenger
from chalicelib.models.champions import champion
from chalicelib.models.endpoints import ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.models.sign_off_registry import SignOffRegistry
from chalicelib.profile import Profile
from chalicelib.retraining.retraining_files import RetrainingFiles, artifact_key

if TYPE_CHECKING:
    from chalicelib.foundation.notifications import NotificationTopic

Document = dict[str, Any]

UNSIGNED = "Se aprobó en SageMaker sin la firma de riesgos: POST /people/challengers/…/sign-off."


def promote(
    event: Document,
    profile: Profile,
    files: RetrainingFiles,
    registry: SignOffRegistry,
    endpoints: ModelEndpoints,
    models: ModelBucket,
    now: datetime,
) -> Document:
    """Promote a challenger, or register it for a person's sign-off (promoteModel). Safe to repeat.

    Raises ChampionChanged if the champion is no longer the model that it was compared with.
    """
    model, version, job = event["model"], event["version"], event["job"]
    body = _as_evaluated(job, event["sha256"], files)
    if champion(model, endpoints, models) not in (event["champion"], version):
        raise ChampionChanged(f"{model} {version} was not compared with what is in service.")
    if not profile.gate.sign_off:
        files.promote(model, version, body)
        return {"verdict": "promoted"}
    challenger = Challenger(model, version, job, event["sha256"], event["champion"])
    package = registry.ask(challenger, files.url(artifact_key(job)), now)
    return {"verdict": "pending", "package": package, "challenger": challenger.id}


def approved(
    arn: str,
    files: RetrainingFiles,
    registry: SignOffRegistry,
    endpoints: ModelEndpoints,
    models: ModelBucket,
    topic: "NotificationTopic",
) -> None:
    """Promote a challenger that a person signed off (packageApproved).

    A package that was approved in SageMaker alone is refused. The event may be late or repeated.

    Raises EndpointBusy while another version is being deployed; Lambda then retries.
    """
    challenger = registry.approved(arn)
    if challenger is None:
        return
    model, version = challenger.model, challenger.version
    if version in models.versions(model):
        return  # on its way, or it was: who went back from it does not want it again
    what = f"{model} {version}"
    if not registry.is_signed_off(challenger):
        topic.publish("rejected", what, UNSIGNED)
        return
    now = champion(model, endpoints, models, settled=True)
    if now != challenger.champion:
        compared = f"Se comparó con {challenger.champion} y ahora responde {now}"
        topic.publish("rejected", what, f"{compared}: espere al próximo reentrenamiento.")
        return
    try:
        body = _as_evaluated(challenger.job, challenger.sha256, files)
    except ArtifactChanged as fault:
        topic.publish("rejected", what, str(fault))
        return
    files.promote(model, version, body)
    topic.publish("promoted", what, arn)


def _as_evaluated(job: str, sha256: str, files: RetrainingFiles) -> bytes:
    body = files.artifact(job)
    if hashlib.sha256(body).hexdigest() != sha256:
        raise ArtifactChanged(
            f"The artifact of {job} is not the one that was evaluated: train it again."
        )
    return body
