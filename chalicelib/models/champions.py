"""Champions: for each model the version in service, or the last one if its endpoint is gone."""

from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.foundation.errors import EndpointBusy
from chalicelib.models.endpoints import DOWN, GOING, SETTLED
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.profile import Profile

if TYPE_CHECKING:
    from chalicelib.foundation.notifications import NotificationTopic

Document = dict[str, Any]

NONE = "none"


class Endpoints(Protocol):
    def live(self, model: str) -> Document | None: ...


def champions(
    profile: Profile, endpoints: Endpoints, models: ModelBucket
) -> dict[str, Document | None]:
    """Return the champion of each model and the URL of its artifact; None without a champion."""
    found = {model: champion(model, endpoints, models) for model in profile.models}
    return {
        model: None
        if version == NONE
        else {"version": version, "url": models.verified_url(model, version)}
        for model, version in found.items()
    }


def ever_served(profile: Profile, endpoints: Endpoints, models: ModelBucket) -> bool:
    """Return whether any model is in service or has ever been."""
    return any(models.last_served(model) for model in profile.models) or any(
        live["status"] == "InService" for model in profile.models if (live := endpoints.live(model))
    )


def publish_silent(
    found: dict[str, Document | None], stage: str, endpoints: Endpoints, topic: "NotificationTopic"
) -> None:
    """Publish one notice of the champions whose endpoint is silent, with a command for each.

    None is deployed again automatically: an operator may have deleted the endpoint on purpose, and
    a version that is under way is newer than the champion.
    """
    down = [model for model, one in found.items() if one and _is_down(endpoints.live(model))]
    if down:
        commands = "\n".join(f"make rollback STAGE={stage} MODEL={model}" for model in down)
        told = f"No responde su endpoint. Para que vuelva lo último que sirvió:\n{commands}"
        topic.publish("not answering", ", ".join(down), told)


def champion(
    model: str, endpoints: Endpoints, models: ModelBucket, *, settled: bool = False
) -> str:
    """Return the version of the champion, or `none`.

    If the endpoint was deleted, failed or is out of service, the champion is the version that was
    last in service. With `settled`, raises EndpointBusy while the endpoint changes.
    """
    live = endpoints.live(model)
    if live and settled and live["status"] not in (*SETTLED, *GOING):
        raise EndpointBusy(f"The endpoint of {model} is {live['status']}.")
    if live and not _is_down(live):
        version: str = live["version"]
        return version
    return models.last_served(model) or NONE


def _is_down(live: Document | None) -> bool:
    return live is None or live["status"] in DOWN
