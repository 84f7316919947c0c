"""Adapter of the table Revisiones: the worklist of cases, which records hold for good elsewhere.

A case's key is clientId and predictionId. An open one is in the index byDue under one of SHARDS
keys, by its due time: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html.
A closed one leaves the index. Every write may be repeated.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from zlib import crc32

from chalicelib.foundation import expiry
from chalicelib.foundation.dynamodb_items import as_table_unavailable, from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

BY_DUE = "byDue"
SHARDS = 8  # 1,000 new cases a second each; it may grow
UNCLAIM = "claimant, claimedBy, claimedUntil"
FIRST, LAST = "0", "9"  # before and behind every time


class ReviewQueue:
    """The table. Times are texts that sort: ISO 8601, UTC, with milliseconds.

    DynamoDB deletes a case `days` after it was closed; 0: never.
    """

    def __init__(self, client: "DynamoDBClient", table: str, days: int = 0) -> None:
        self._client = client
        self._table = table
        self._days = days
        self._taken = client.exceptions.ConditionalCheckFailedException

    def open(self, case: Item) -> None:
        """Put a case into the queue.

        A review that is or was there stays as it is. A contest takes the place of the review.

        `case` has clientId, predictionId, kind, priority, openedAt and dueAt.
        """
        shard = crc32(case["predictionId"].encode()) % SHARDS
        place = {"openIn": _key(shard), "dueOrder": f"{case['dueAt']}#{case['predictionId']}"}
        with as_table_unavailable(), suppress(self._taken):
            self._client.put_item(
                TableName=self._table,
                Item=to_item(case | place),
                ConditionExpression="attribute_not_exists(predictionId) OR "
                "(:kind = :contest AND (kind = :review OR attribute_not_exists(openIn)))",
                ExpressionAttributeValues=to_item(
                    {":kind": case["kind"], ":review": "REVIEW", ":contest": "CONTEST"}
                ),
            )

    def get(self, client_id: str, prediction_id: str) -> Item | None:
        """Return a case, open or closed."""
        key = to_item({"clientId": client_id, "predictionId": prediction_id})
        with as_table_unavailable():
            found = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return from_item(found["Item"]) if "Item" in found else None

    def page(self, limit: int, after: str) -> list[Item]:
        """Return at most `limit` open cases behind a position, the soonest due first."""
        return [*islice(self._due(f"{after}!" if after else FIRST, LAST, limit), limit)]

    def due_before(self, now: str) -> Iterator[Item]:
        """Yield the open cases that were due before `now`, the longest overdue first."""
        return self._due(FIRST, now, 100)

    def claim(self, case: Mapping[str, Any], by: Mapping[str, str], now: str, until: str) -> bool:
        """Give a case to a person until a time.

        Return whether it is theirs: not while another person's claim lasts, nor once it is closed.
        """
        return self._update(
            case,
            "SET claimant = :me, claimedBy = :by, claimedUntil = :until",
            "attribute_exists(openIn) AND "
            "(attribute_not_exists(claimant) OR claimant = :me OR claimedUntil <= :now)",
            {":me": by["sub"], ":by": dict(by), ":now": now, ":until": until},
        )

    def release(self, case: Mapping[str, Any], by: Mapping[str, str]) -> bool:
        """End a person's claim, and return whether it was theirs."""
        return self._update(case, f"REMOVE {UNCLAIM}", "claimant = :me", {":me": by["sub"]})

    def hand_on(self, case: Mapping[str, Any], first: Mapping[str, str]) -> None:
        """Leave a case that has the verdict of the person `first` to a second person, whose claim
        stays.
        """
        self._update(
            case,
            f"SET awaits = :second REMOVE {UNCLAIM}",
            "attribute_exists(openIn) AND kind = :kind AND "
            "(attribute_not_exists(claimant) OR claimant = :first)",
            {":second": "SECOND_PERSON", ":kind": case["kind"], ":first": first["sub"]},
        )

    def close(self, case: Mapping[str, Any], at: str) -> None:
        """Take a case out of the queue. A later case of the same decision stays."""
        end = expiry.after(self._days, datetime.fromisoformat(at))
        gone = "".join(f", {name} = :{name}" for name in end)
        change = f"SET closedAt = :at{gone} REMOVE openIn, dueOrder, awaits, {UNCLAIM}"
        values = {":at": at, ":kind": case["kind"], **{f":{name}": end[name] for name in end}}
        self._update(case, change, "attribute_exists(openIn) AND kind = :kind", values)

    def _due(self, first: str, last: str, size: int) -> Iterator[Item]:
        shards = (self._of_shard(shard, first, last, size) for shard in range(SHARDS))
        return merge(*shards, key=itemgetter("dueOrder"))

    def _of_shard(self, shard: int, first: str, last: str, size: int) -> Iterator[Item]:
        with as_table_unavailable():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName=BY_DUE,
                KeyConditionExpression="openIn = :queue AND dueOrder BETWEEN :first AND :last",
                ExpressionAttributeValues=to_item(
                    {":queue": _key(shard), ":first": first, ":last": last}
                ),
                PaginationConfig={"PageSize": size},
            )
            for page in pages:
                yield from map(from_item, page["Items"])

    def _update(self, case: Mapping[str, Any], change: str, condition: str, values: Item) -> bool:
        """Change a case, and return whether the condition held."""
        key = {name: case[name] for name in ("clientId", "predictionId")}
        with as_table_unavailable():
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=to_item(key),
                    UpdateExpression=change,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=to_item(values),
                )
            except self._taken:
                return False
        return True


def _key(shard: int) -> str:
    return f"open#{shard}"
