"""The function watchDrift: a week's decisions beside the training data of the models in service."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Protocol

import msgspec

from chalicelib.decisions.day_index import keys_of
from chalicelib.foundation import observability
from chalicelib.foundation.notifications import NotificationTopic
from chalicelib.models import drift
from chalicelib.models.drift import Reference, Seen
from chalicelib.models.endpoints import ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from chalicelib.monitoring.inventory import publish_overdue
from chalicelib.profile import Profile
from chalicelib.retraining.reports import Reports

Document = dict[str, Any]

DAYS = 7
A_DAY = 1250  # decisions; with a part of a day at either end, 10,000 in a week
AN_HOUR = A_DAY // 24


class Decisions(Protocol):
    def made_under(self, key: str, first: str, last: str, page: int) -> Iterator[Document]: ...


def watch(
    at: datetime,
    profile: Profile,
    decisions: Decisions,
    bucket: ModelBucket,
    endpoints: ModelEndpoints,
    reports: Reports,
    topic: NotificationTopic,
) -> Document:
    """Store and return the week's report, with a notice above the limit.

    A schedule's event may come twice; a version that has a report gets no second notice.
    """
    version = at.strftime("%Y%m%dT%H%M%S")
    seen = [*spread(at, decisions)]
    found = drift.compared(
        seen, _references(profile, bucket, endpoints), profile.asked_for(), profile.drift
    )
    before = reports.drift_before(version) or {}
    policy = drift.of_policy(seen, before.get("policy"), profile.drift)
    report = {
        "from": (at - timedelta(days=DAYS)).isoformat(timespec="seconds"),
        "to": at.isoformat(timespec="seconds"),
        "decisions": len(seen),
        "limits": msgspec.to_builtins(profile.drift),
        "models": found,
        "policy": policy,
    }
    if not reports.has_drift(version):
        _publish(version, found, policy, topic)
        publish_overdue(profile, at.date(), topic)
        reports.put_drift(version, report)
    return report


def spread(at: datetime, decisions: Decisions) -> Iterator[Seen]:
    """Yield the decisions of the week until `at`; of a busy day a sample of A_DAY or fewer.

    A decision becomes a Seen as it is read: one of the table, with its models' answers, takes three
    times the memory.
    """
    for back in range(DAYS + 1):
        midnight = (at - timedelta(days=back)).replace(hour=0, minute=0, second=0, microsecond=0)
        start = max(midnight, at - timedelta(days=DAYS))
        yield from _of_day(start, min(midnight + timedelta(days=1), at), decisions)


def _of_day(start: datetime, end: datetime, decisions: Decisions) -> Iterable[Seen]:
    """Return as many whole shards as fit into A_DAY: a hash of the id chooses an item's shard.

    Of a shard that does not fit alone, it returns some of every hour.
    """
    found: dict[str, Seen] = {}
    for key in keys_of(start.date().isoformat()):
        shard = dict(islice(_made(key, start, end, decisions, A_DAY + 1), A_DAY + 1))
        if len(shard) > A_DAY:
            return _of_every_hour(key, start, end, decisions)
        if len(found) + len(shard) > A_DAY:
            break
        found |= shard
    return found.values()


def _of_every_hour(key: str, start: datetime, end: datetime, decisions: Decisions) -> list[Seen]:
    """Return up to AN_HOUR decisions an hour; busy hours share the rest of A_DAY."""
    hours = []
    while start < end:
        until = min(start + timedelta(hours=1), end)
        hours.append(_made(key, start, until, decisions, AN_HOUR))
        start += timedelta(hours=1)
    found = [list(islice(hour, AN_HOUR)) for hour in hours]
    busy = [place for place, one in enumerate(found) if len(one) == AN_HOUR]
    share = (A_DAY - sum(map(len, found))) // max(len(busy), 1)
    for place in busy:
        found[place] += islice(hours[place], share)
    return [seen for hour in found for _, seen in hour]


def _made(
    key: str, start: datetime, end: datetime, decisions: Decisions, page: int
) -> Iterator[tuple[str, Seen]]:
    """Yield the key's decisions in the order of their ids, which begin with 12 hexadecimal digits
    of time.
    """
    first, last = (f"{int(one.timestamp() * 1000):012x}" for one in (start, end))
    for one in decisions.made_under(key, first, last, page):
        yield one["predictionId"], _seen(one)


def _seen(decision: Mapping[str, Any]) -> Seen:
    return Seen(
        decision["application"],
        {
            name: (answer["version"], answer["probabilityOfDefault"])
            for name, answer in decision["models"].items()
            if answer["status"] == "OK"
        },
        decision["decisionBasis"],
        tuple(rule["code"] for rule in decision.get("rules", ())),
        tuple(name for name, answer in decision["models"].items() if "consent" in answer),
    )


def _references(
    profile: Profile, bucket: ModelBucket, endpoints: ModelEndpoints
) -> dict[str, Reference]:
    """Return the reference of each model that has an endpoint and a manifest."""
    live = {model: endpoints.live(model) for model in profile.models}
    bodies = {model: bucket.manifest(model, one["version"]) for model, one in live.items() if one}
    return {
        model: msgspec.json.decode(body, type=Reference) for model, body in bodies.items() if body
    }


def _publish(
    version: str, models: Mapping[str, Document], policy: Document, topic: NotificationTopic
) -> None:
    observability.drift_measured(models)
    above = [f"{model} {name}: {index:.2f}" for model, name, index in drift.drifted(models)]
    if policy["status"] == "DRIFTED":
        above.append(f"decisionBasis: {policy['psi']:.2f}")
    if above:
        topic.publish("drift", version, "\n".join(above))
