"""Standing of one version of a model: from the request for it until it answers. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.governance import repeats
from chalicelib.governance.model_acts.model_act_bucket import ModelAct
from chalicelib.models.endpoints import SETTLED
from chalicelib.models.model_bucket import Arrival, Refusal

Document = dict[str, Any]

State = Literal["WAITING", "REFUSED", "VERIFIED", "DEPLOYING", "IN_SERVICE", "FAILED", "SUPERSEDED"]

# Acts, refusals and arrivals of a model's versions, the oldest first, and its endpoint.
Marks = tuple[list[ModelAct], list[Refusal], list[Arrival], Document | None]


@dataclass(frozen=True, slots=True)
class Traces:
    """Traces of a version since a person last asked for it, or of all time if no person did.

    `newest` is the newest arrival of any version, and `live` the endpoint.
    """

    act: ModelAct | None
    refusal: Refusal | None
    arrival: Arrival | None
    newest: Arrival | None
    live: Document | None

    @property
    def is_known(self) -> bool:
        return bool(self.act or self.refusal or self.arrival)


def traces(
    version: str,
    acts: Iterable[ModelAct],
    refusals: Iterable[Refusal],
    arrivals: Sequence[Arrival],
    live: Document | None,
) -> Traces:
    """Return the traces of a version. Acts, refusals and arrivals come with the oldest first."""
    asked = [one for one in acts if one.version == version]
    since = asked[-1].at if asked else ""
    refused = [one for one in refusals if one.version == version and one.at >= since]
    arrived = [one for one in arrivals if one.version == version and one.at >= since]
    return Traces(
        asked[-1] if asked else None,
        refused[-1] if refused else None,
        arrived[-1] if arrived else None,
        arrivals[-1] if arrivals else None,
        live,
    )


def state(version: str, seen: Traces) -> State:
    """Return where a version stands."""
    arrival, live = seen.arrival, seen.live
    if seen.refusal and (arrival is None or seen.refusal.at > arrival.at):
        return "REFUSED"
    if arrival is None:
        return "WAITING"
    if live and live["version"] == version and live["status"] == "InService":
        return "IN_SERVICE"
    if seen.newest and seen.newest.version != version:
        return "SUPERSEDED"
    if not arrival.attempted:
        return "VERIFIED"
    return "DEPLOYING" if live and live["status"] not in SETTLED else "FAILED"


def state_of_repeat(
    act: ModelAct,
    acts: Sequence[ModelAct],
    refusals: Iterable[Refusal],
    arrivals: Sequence[Arrival],
    live: Document | None,
) -> State | None:
    """Return where the version of an act stands if the newest act asked for the same; None if the
    act is new. It is new, too, once another version has come, or what was asked for has failed.
    """
    earlier = repeats.first_of(act, acts[-1:])
    if earlier is None:
        return None
    seen = traces(act.version, acts, refusals, arrivals, live)
    newest = seen.newest
    if newest and newest.version != act.version and newest.at >= earlier.at:
        return None
    found = state(act.version, seen)
    return None if found in ("REFUSED", "FAILED") else found
