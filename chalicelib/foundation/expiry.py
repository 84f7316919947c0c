"""The time at which DynamoDB may delete an item, within a few days after it:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html.
"""

import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

EXPIRES = "expiresAt"  # the attribute that the tables' TimeToLiveSpecification names
# An item past its time stays for a while, and counts as gone: the last second is its end.
IS_PAST = f"{EXPIRES} <= :now"


def utc_now() -> datetime:
    """Return the time in UTC: the clock of who gets no other."""
    return datetime.now(UTC)


def going_on(now: datetime) -> Callable[[], datetime]:
    """Return a clock that goes on from a time."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)


def after(days: int, now: datetime) -> dict[str, int]:
    """Return the attribute of an item that lives for `days` at least: whole seconds since 1970. 0:
    for good.
    """
    return {EXPIRES: math.ceil((now + timedelta(days=days)).timestamp())} if days else {}


def at(now: datetime) -> dict[str, int]:
    """Return the value that IS_PAST compares with: whole seconds since 1970."""
    return {":now": math.floor(now.timestamp())}


def is_past(item: Mapping[str, Any], now: datetime) -> bool:
    """Return whether an item's time is over, though DynamoDB may not have deleted it."""
    return bool(item.get(EXPIRES, math.inf) <= now.timestamp())
