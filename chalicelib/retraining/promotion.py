"""Promotion of a challenger: promoteModel, or packageApproved after a person's approval."""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.foundation.errors import ArtifactChanged, ChampionChanged
from chalicelib.models.champions import champion
from chalicelib.models.endpoints import ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.models.model_packages import ModelPackages
from chalicelib.profile import Profile
from chalicelib.retraining.retraining_files import RetrainingFiles, artifact_key

if TYPE_CHECKING:
    from chalicelib.foundation.notifications import NotificationTopic

Document = dict[str, Any]


def promote(
    event: Document,
    profile: Profile,
    files: RetrainingFiles,
    packages: ModelPackages,
    endpoints: ModelEndpoints,
    models: ModelBucket,
) -> Document:
    """Promote a challenger, or register it for a person's approval (promoteModel). Safe to repeat.

    Raises ChampionChanged if the champion is no longer the model that it was compared with.
    """
    model, version, job = event["model"], event["version"], event["job"]
    body = _as_evaluated(event, files)
    if champion(model, endpoints, models) not in (event["champion"], version):
        raise ChampionChanged(f"{model} {version} was not compared with what is in service.")
    if not profile.gate.sign_off:
        files.promote(model, version, body)
        return {"verdict": "promoted"}
    facts = {name: event[name] for name in ("model", "version", "job", "sha256", "champion")}
    package = packages.register(model, version, files.url(artifact_key(job)), facts)
    return {"verdict": "pending", "package": package}


def approved(
    arn: str,
    files: RetrainingFiles,
    packages: ModelPackages,
    endpoints: ModelEndpoints,
    models: ModelBucket,
    topic: "NotificationTopic",
) -> None:
    """Promote a challenger that a person approved (packageApproved).

    The event may be late or repeated.

    Raises EndpointBusy while another version is being deployed; Lambda then retries.
    """
    facts = packages.signed_off(arn)
    if facts is None:
        return
    if facts["version"] in models.versions(facts["model"]):
        return  # on its way, or it was: who went back from it does not want it again
    what = f"{facts['model']} {facts['version']}"
    now = champion(facts["model"], endpoints, models, settled=True)
    if now != facts["champion"]:
        compared = f"Se comparó con {facts['champion']} y ahora responde {now}"
        topic.publish("rejected", what, f"{compared}: espere al próximo reentrenamiento.")
        return
    try:
        body = _as_evaluated(facts, files)
    except ArtifactChanged as fault:
        topic.publish("rejected", what, str(fault))
        return
    files.promote(facts["model"], facts["version"], body)
    topic.publish("promoted", what, arn)


def _as_evaluated(facts: Mapping[str, str], files: RetrainingFiles) -> bytes:
    body = files.artifact(facts["job"])
    if hashlib.sha256(body).hexdigest() != facts["sha256"]:
        raise ArtifactChanged(
            f"The artifact of {facts['job']} is not the one that was evaluated: train it again."
        )
    return body
