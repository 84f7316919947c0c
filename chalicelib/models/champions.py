"""The version of a model that answers, or did last: what a challenger has to beat."""

from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.errors import EndpointBusy
from chalicelib.models.endpoints import DOWN, GOING, SETTLED
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.profile import Profile

if TYPE_CHECKING:
    from chalicelib.notifications import NotificationTopic

Document = dict[str, Any]

NONE = "none"


class Endpoints(Protocol):
    def live(self, model: str) -> Document | None: ...


def champions(
    profile: Profile, endpoints: Endpoints, models: ModelBucket
) -> dict[str, Document | None]:
    """Of each model, with where its artifact is."""
    found = {model: champion(model, endpoints, models) for model in profile.models}
    return {
        model: None
        if version == NONE
        else {"version": version, "url": models.verified_url(model, version)}
        for model, version in found.items()
    }


def ever_served(profile: Profile, endpoints: Endpoints, models: ModelBucket) -> bool:
    """Return whether any model is in service, or was: it ended a deployment in service once."""
    return any(models.last_served(model) for model in profile.models) or any(
        live["status"] == "InService" for model in profile.models if (live := endpoints.live(model))
    )


def tell_of_silent(
    found: dict[str, Document | None], stage: str, endpoints: Endpoints, topic: "NotificationTopic"
) -> None:
    """One notice. None is brought back by itself: somebody may have taken it away on purpose, and
    what is on its way is newer than what answered last."""
    down = [model for model, one in found.items() if one and _is_down(endpoints.live(model))]
    if down:
        commands = "\n".join(f"make rollback STAGE={stage} MODEL={model}" for model in down)
        told = f"No responde su endpoint. Para que vuelva lo último que sirvió:\n{commands}"
        topic.publish("not answering", ", ".join(down), told)


def champion(
    model: str, endpoints: Endpoints, models: ModelBucket, *, settled: bool = False
) -> str:
    """The version, or `none`. An endpoint that somebody took away, or that never came up, leaves
    the place to what answered last. Raises EndpointBusy if it must be settled and is not."""
    live = endpoints.live(model)
    if live and settled and live["status"] not in (*SETTLED, *GOING):
        raise EndpointBusy(f"The endpoint of {model} is {live['status']}.")
    if live and not _is_down(live):
        version: str = live["version"]
        return version
    return models.last_served(model) or NONE


def _is_down(live: Document | None) -> bool:
    return live is None or live["status"] in DOWN
