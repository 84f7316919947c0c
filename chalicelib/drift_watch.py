"""watchDrift: the week's decisions against what the live models were trained on."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Protocol

import msgspec

from chalicelib import drift, observability
from chalicelib.drift import Reference, Seen
from chalicelib.endpoints import ModelEndpoints
from chalicelib.model_bucket import ModelBucket
from chalicelib.notifications import NotificationTopic
from chalicelib.profile import Profile
from chalicelib.reports import Reports

Document = dict[str, Any]

MOST = 10_000  # decisions: what a function reads in a minute, and more than the measure needs
HOURS = 7 * 24
PAGE = MOST // HOURS  # of an hour, before it is the next hour's turn


class Decisions(Protocol):
    def made_in(self, day: str, first: str, last: str, page: int) -> Iterator[Document]: ...


def watch(
    at: datetime,
    profile: Profile,
    decisions: Decisions,
    bucket: ModelBucket,
    endpoints: ModelEndpoints,
    reports: Reports,
    topic: NotificationTopic,
) -> Document:
    """The report. A schedule's event may come twice: what was reported is not told again."""
    version = at.strftime("%Y%m%dT%H%M%S")
    seen = [_seen(decision) for decision in islice(spread(at, decisions), MOST)]
    found = drift.compared(
        seen, _references(profile, bucket, endpoints), profile.asked_for(), profile.drift
    )
    report = {
        "from": (at - timedelta(hours=HOURS)).isoformat(timespec="seconds"),
        "to": at.isoformat(timespec="seconds"),
        "decisions": len(seen),
        "limits": msgspec.to_builtins(profile.drift),
        "models": found,
    }
    if not reports.has_drift(version):
        _tell(version, found, topic)
        reports.put_drift(version, report)
    return report


def spread(at: datetime, decisions: Decisions) -> Iterator[Document]:
    """The week's, a page of every hour in turn: of a busy week, a part of each hour."""
    hours = [at - timedelta(hours=back) for back in range(HOURS)]
    days = {day for day in {one.date() for one in hours} if _any_on(day, decisions)}
    waiting = [_hour(one, decisions) for one in hours if one.date() in days]
    while waiting:
        pages = [(stream, list(islice(stream, PAGE))) for stream in waiting]
        for _, page in pages:
            yield from page
        waiting = [stream for stream, page in pages if len(page) == PAGE]


def _any_on(day: date, decisions: Decisions) -> bool:
    return any(True for _ in decisions.made_in(day.isoformat(), "0", "g", 1))


def _hour(within: datetime, decisions: Decisions) -> Iterator[Document]:
    """Ids begin with their milliseconds, 12 hexadecimal digits."""
    start = within.replace(minute=0, second=0, microsecond=0)
    first, last = (
        f"{int(one.timestamp() * 1000):012x}" for one in (start, start + timedelta(hours=1))
    )
    yield from decisions.made_in(start.date().isoformat(), first, last, PAGE)


def _seen(decision: Mapping[str, Any]) -> Seen:
    return Seen(
        decision["application"],
        {
            name: (answer["version"], answer["probabilityOfDefault"])
            for name, answer in decision["models"].items()
            if answer["status"] == "OK"
        },
    )


def _references(
    profile: Profile, bucket: ModelBucket, endpoints: ModelEndpoints
) -> dict[str, Reference]:
    """Of each model that answers and whose artifact is known."""
    live = {model: endpoints.live(model) for model in profile.models}
    bodies = {model: bucket.manifest(model, one["version"]) for model, one in live.items() if one}
    return {
        model: msgspec.json.decode(body, type=Reference) for model, body in bodies.items() if body
    }


def _tell(version: str, models: Mapping[str, Document], topic: NotificationTopic) -> None:
    observability.drift_measured(models)
    if above := drift.drifted(models):
        told = "\n".join(f"{model} {name}: {index:.2f}" for model, name, index in above)
        topic.publish("drift", version, told)
