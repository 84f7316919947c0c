"""PutEvents of a function: events of its own on the default bus."""

import calendar
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moto.events.models import events_backends

from localcloud.iam.authorization import Authorization, NotAuthorized
from localcloud.ports.quick_calls import Quick, Usual, answered

TEXTS = {"Source", "DetailType", "Detail"}
MOST = 10  # entries of a request
CHARACTERS = 60_000  # of all entries: 256 KB in UTF-8, at most


def quick_events(authorization: Authorization) -> Quick:
    """Return the call. It puts the events on the bus as the usual way does."""

    def put(client: Any, asked: Mapping[str, Any], usual: Usual) -> Any:
        region = client.meta.region_name
        if not _is_plain(asked) or not _is_permitted(authorization, region, asked["Entries"]):
            return usual()
        entries = [one | {"Time": _seconds(one["Time"])} for one in asked["Entries"]]
        found = events_backends[authorization.account][region].put_events(entries)
        failed = sum("ErrorCode" in one for one in found)
        return answered({"FailedEntryCount": failed, "Entries": found})

    return put


def _is_plain(asked: Mapping[str, Any]) -> bool:
    entries = asked.get("Entries")
    if asked.keys() != {"Entries"} or not isinstance(entries, list):
        return False
    whole = 0 < len(entries) <= MOST and all(map(_is_whole, entries))
    return whole and sum(len(one[name]) for one in entries for name in TEXTS) <= CHARACTERS


def _is_whole(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.keys() == TEXTS | {"Time"}
        and all(type(entry[name]) is str and entry[name] for name in TEXTS)
        and isinstance(entry["Time"], datetime)
        and not entry["Source"].lower().startswith("aws.")
    )


def _is_permitted(authorization: Authorization, region: str, entries: list[Any]) -> bool:
    bus = f"arn:aws:events:{region}:{authorization.account}:event-bus/default"
    try:
        for source in {one["Source"] for one in entries}:
            authorization.require("events:PutEvents", bus, **{"events:source": source})
    except NotAuthorized:
        return False
    return True


def _seconds(at: datetime) -> int:
    """Return a time as botocore sends it."""
    return calendar.timegm(at.utctimetuple())
