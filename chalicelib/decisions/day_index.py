"""Keys of the index byDay, and its reading by fan-out.

SageMaker's source has this module, too.

One partition takes 1,000 write units a second, and an index that is throttled throttles the table:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
So the items of a day are spread over SHARDS keys; docs/operations.md has the arithmetic.
"""

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any
from zlib import crc32

Item = dict[str, Any]

BY_DAY = "byDay"
OUTCOMES = "outcomes#"  # before the day on which an outcome was told
REVIEWS = "reviews#"  # before the day of a person's act; people are slow, so its key has no shard
ERASURE_DAYS = "erased#"  # before the day of an erasure
SHARDS = 24  # it may grow; fewer would hide what was stored under the last ones


def key_of(day: str, prediction_id: str) -> str:
    """Return the item's key in the index; the same item always has the same one.

    `day`: 2026-11-28, or outcomes#2026-11-28.
    """
    return f"{day}#{crc32(prediction_id.encode()) % SHARDS:02}"


def keys_of(day: str) -> list[str]:
    """Return all keys that items of a day may have.

    Items that are older than the shards have the day alone as their key. This key comes first, so
    that an item which `make migrate` moves meanwhile is read twice rather than not at all.
    """
    return [day, *(f"{day}#{shard:02}" for shard in range(SHARDS))]


def merged(found: Iterable[Iterator[Item]], *, newest_first: bool = False) -> Iterator[Item]:
    """Merge streams that are sorted by predictionId into one sorted stream without repeats.

    Lazy: it reads no further than its caller does.
    """
    name = itemgetter("predictionId")
    for _, same in groupby(merge(*found, key=name, reverse=newest_first), key=name):
        yield from {item["clientId"]: item for item in same}.values()


def page_of(wanted: int) -> int:
    """Return how many items to read at a time from each key: twice a shard's share."""
    return 2 * wanted // SHARDS + 1
