"""Adapter of the table's day index for the evidence: whole records, with their salts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chalicelib.decisions.day_index import BY_DAY, ERASURE_DAYS, OUTCOMES, REVIEWS, keys_of, merged
from chalicelib.foundation.dynamodb_items import as_table_unavailable, from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Record = dict[str, Any]

KEY = ("clientId", "predictionId")


class RecordLog:
    """The records of a day: decisions made, outcomes reported, acts and erasures on it."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def of_day(self, day: str) -> Iterator[Record]:
        """Yield the day's records, sorted by id."""
        return self._of_day(day, {})

    def keys_of_day(self, day: str) -> Iterator[Record]:
        """Yield the keys of the day's records, sorted by id."""
        return self._of_day(day, {"ProjectionExpression": ", ".join(KEY)})

    def get(self, key: Record) -> Record | None:
        """Return a record, or None if it was erased together with its key."""
        with as_table_unavailable():
            found = self._client.get_item(
                TableName=self._table,
                Key=to_item({name: key[name] for name in KEY}),
                ConsistentRead=True,
            )
        return from_item(found["Item"]) if "Item" in found else None

    def _of_day(self, day: str, parts: dict[str, Any]) -> Iterator[Record]:
        sharded = ("", OUTCOMES, ERASURE_DAYS)
        keys = [key for kind in sharded for key in keys_of(kind + day)]
        return merged(self._under(key, parts) for key in [*keys, REVIEWS + day])

    def _under(self, key: str, parts: dict[str, Any]) -> Iterator[Record]:
        with as_table_unavailable():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName=BY_DAY,
                KeyConditionExpression="#day = :day",
                ExpressionAttributeNames={"#day": "day"},  # a reserved word
                ExpressionAttributeValues=to_item({":day": key}),
                **parts,
            )
            for page in pages:
                yield from map(from_item, page["Items"])
