"""Adapter of the table's day index for the evidence: whole records, with their salts.

Whoever may write to the table can store an item that no JSON can have, such as one with a Binary.
It must not stop the chain: its record is DynamoDB's form of it, whose digest the chain can have.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from chalicelib.decisions.day_index import BY_DAY, ERASURE_DAYS, OUTCOMES, REVIEWS, keys_of, merged
from chalicelib.decisions.outcome_rules import REVIEW_ACT
from chalicelib.foundation.dynamodb_items import as_table_unavailable, from_item, to_item
from chalicelib.foundation.expiry import EXPIRES
from chalicelib.governance.evidence import record_digest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Record = dict[str, Any]

KEY = ("clientId", "predictionId")
NO_PART = ("day", EXPIRES)  # of a record: DynamoDB's index and life
BESIDE = ("outcome#", REVIEW_ACT)  # begin the ids of what stands beside a decision
SETS = ("SS", "NS", "BS")


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
        return record_of(found["Item"]) if "Item" in found else None

    def about(self, client_id: str, prediction_id: str) -> list[Record]:
        """Return a decision, and the outcomes and acts beside it; none if there is no decision."""
        decision = self.get({"clientId": client_id, "predictionId": prediction_id})
        beside = (self._beside(client_id, f"{kind}{prediction_id}#") for kind in BESIDE)
        return [decision, *chain.from_iterable(beside)] if decision else []

    def _beside(self, client_id: str, begin: str) -> Iterator[Record]:
        with as_table_unavailable():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="clientId = :client AND begins_with(predictionId, :begin)",
                ExpressionAttributeValues=to_item({":client": client_id, ":begin": begin}),
                ConsistentRead=True,
            )
            for page in pages:
                yield from map(record_of, page["Items"])

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
                yield from map(record_of, page["Items"])


def line_of(record: Record) -> bytes:
    """Return a record's line in an archive, which has it as the digest is made of it."""
    stated = {name: value for name, value in record.items() if name not in NO_PART}
    return record_digest.canonical(stated) + b"\n"


def record_of(item: Mapping[str, Any]) -> Record:
    """Return the record of an item; with UNREADABLE alone, besides its keys, if it has no digest.

    The same item always has the same one, in whatever order DynamoDB gives the members of a set.
    """
    try:
        record = from_item(item)
        record_digest.digest(record)
    except (ValueError, TypeError, ArithmeticError):
        keys = from_item({name: item[name] for name in (*KEY, "day") if name in item})
        stated = {name: value for name, value in item.items() if name not in NO_PART}
        return {**keys, record_digest.UNREADABLE: _as_json(stated)}
    return record


def _as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, dict):
        return {
            name: sorted(map(_as_json, part)) if name in SETS else _as_json(part)
            for name, part in value.items()
        }
    return [_as_json(part) for part in value] if isinstance(value, list) else value
