"""The version of a model that answers, or did last: what a challenger has to beat."""

from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.endpoints import DOWN, GOING, SETTLED
from chalicelib.errors import EndpointBusy
from chalicelib.model_bucket import ModelBucket
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


def bring_back(
    found: dict[str, Document | None],
    endpoints: Endpoints,
    models: ModelBucket,
    topic: "NotificationTopic",
) -> None:
    """The champions that do not answer, by the road of an upload."""
    for model, one in found.items():
        if one and _is_down(endpoints.live(model)):
            models.arrive_again(model, one["version"])
            told = "Su endpoint no respondía; vuelve la última versión que estuvo en servicio."
            topic.publish("brought back", f"{model} {one['version']}", told)


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
