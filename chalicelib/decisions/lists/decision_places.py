"""Adapter of the table PrediccionesCredito for lists: a client's key, and keys of the day index."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.decisions.day_index import BY_DAY
from chalicelib.decisions.lists.id_window import Window, number_of, text_of
from chalicelib.decisions.lists.list_page import Slice
from chalicelib.decisions.lists.list_request import Filters, ListRequest
from chalicelib.foundation.dynamodb_items import as_table_unavailable, from_item, to_item
from chalicelib.foundation.expiry import IS_PAST, at
from chalicelib.foundation.record_salt import ERASED

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

ORDER = "predictionId"
# DynamoDB deletes an expired item within days only, and a reader leaves it out:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html
THERE = f"attribute_not_exists({ERASED}) AND NOT {IS_PAST}"


class DecisionPlaces:
    """The keys under which the table and its index have decisions."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def of_client(self, client_id: str, asked: ListRequest, now: datetime) -> "KeyOfDecisions":
        query = {"TableName": self._table, **_query("clientId", client_id, asked, now)}
        return KeyOfDecisions(self._client, query)

    def of_day(self, key: str, asked: ListRequest, now: datetime) -> "KeyOfDecisions":
        query = {"TableName": self._table, "IndexName": BY_DAY, **_query("day", key, asked, now)}
        return KeyOfDecisions(self._client, query)


@dataclass(frozen=True, slots=True)
class KeyOfDecisions:
    """A key of the table or its index. Names of claims, outcomes and acts are in no window: they
    begin with a letter, and ids of decisions with 0 until the year 2527.
    """

    client: "DynamoDBClient"
    query: dict[str, Any]

    def read(self, window: Window, size: int) -> Slice:
        """Evaluate at most `size` decisions of the window. Raises TableUnavailable."""
        bounds = {":oldest": text_of(window.oldest), ":newest": text_of(window.newest)}
        values = self.query["ExpressionAttributeValues"] | to_item(bounds)
        with as_table_unavailable():
            found = self.client.query(
                **self.query | {"ExpressionAttributeValues": values, "Limit": size}
            )
        last: Any = found.get("LastEvaluatedKey")
        read_to = number_of(last[ORDER]["S"]) if last else None
        return Slice([from_item(one) for one in found["Items"]], read_to)


def _query(place: str, value: str, asked: ListRequest, now: datetime) -> dict[str, Any]:
    conditions = dict(_conditions(asked.filters))
    shown = dict.fromkeys((ORDER, *asked.fields))
    names = {"#place": place} | {f"#{name}": name for name in shown}
    names |= {f"#{part}": part for path in conditions for part in path.split(".")}
    values: Item = {":place": value, **at(now)}
    values |= {f":{number}": wanted for number, wanted in enumerate(conditions.values())}
    equal = (f"{_named(path)} = :{number}" for number, path in enumerate(conditions))
    return {
        "KeyConditionExpression": f"#place = :place AND #{ORDER} BETWEEN :oldest AND :newest",
        "FilterExpression": " AND ".join([THERE, *equal]),
        "ProjectionExpression": ", ".join(f"#{name}" for name in shown),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": to_item(values),
        "ScanIndexForward": False,
    }


def _conditions(filters: Filters) -> Iterator[tuple[str, str]]:
    """Yield the path of each attribute that must have a value, with it."""
    if filters.decision:
        yield "decision", filters.decision
    if filters.basis:
        yield "decisionBasis", filters.basis
    if filters.model:
        yield f"models.{filters.model}.status", "OK"
    if filters.version:
        yield f"models.{filters.model}.version", filters.version
    if filters.segment and filters.value:
        yield f"application.{filters.segment}", filters.value


def _named(path: str) -> str:
    return ".".join(f"#{part}" for part in path.split("."))
