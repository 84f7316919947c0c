"""Claims in the table PrediccionesCredito: of an idempotency key, of a counter-offer, and the mark
of an analysis that is under way.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chalicelib.foundation import expiry
from chalicelib.foundation.dynamodb_items import as_table_unavailable, from_item, to_item
from chalicelib.foundation.record_salt import SALT, new_salt

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

CLAIM = "idempotency#"
FREE = f"attribute_not_exists(predictionId) OR {expiry.IS_PAST}"
ONLY_STORED = ("day", expiry.EXPIRES, SALT)


class ClaimTable:
    """The table's claims. DynamoDB deletes an item `days` after it was stored; 0: never."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        days: int = 0,
        now: Callable[[], datetime] = expiry.utc_now,
    ) -> None:
        self._client = client
        self._table = table
        self._days = days
        self._now = now

    def claim(self, client_id: str, key: str, claim: Item, days: int | None = None) -> Item:
        """Store a claim of a key for `days`, None: as long as records live, unless there is one
        whose time is not over. Return the first claim.
        """
        item = _claim(client_id, key, claim)
        return self._put_once(item, days, FREE, expiry.at(self._now()))

    def mark(self, client_id: str, name: str, mark: Item, days: int) -> None:
        """Store a mark for `days`, whether or not there is one."""
        item = _claim(client_id, name, mark) | expiry.after(days, self._now())
        with as_table_unavailable():
            self._client.put_item(TableName=self._table, Item=to_item(item))

    def take(
        self, client_id: str, name: str, mark: Item, days: int, seen: Mapping[str, Any] | None
    ) -> bool:
        """Store a mark for `days` if that is there which was `seen`; return whether it was."""
        values: Item = {**expiry.at(self._now())}
        condition = FREE
        if seen:
            condition, values = "heldUntil = :seen", {":seen": seen["heldUntil"]}
        item = _claim(client_id, name, mark) | expiry.after(days, self._now())
        with as_table_unavailable():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=to_item(item),
                    ConditionExpression=condition,
                    ExpressionAttributeValues=to_item(values),
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def claimed(self, client_id: str, key: str) -> Item | None:
        """Return the first claim of a key, or None if there is none or its time is over."""
        with as_table_unavailable():
            response = self._client.get_item(
                TableName=self._table,
                Key=to_item(_claim(client_id, key, {})),
                ConsistentRead=True,
            )
        item = from_item(response.get("Item", {}))
        return as_recorded(item) if item and not expiry.is_past(item, self._now()) else None

    def _put_once(
        self,
        document: Item,
        days: int | None = None,
        condition: str = "attribute_not_exists(predictionId)",
        values: Item | None = None,
    ) -> Item:
        """Store a document for `days`, None: as long as records live, unless its id exists. Return
        the stored one.

        What the index has is evidence, and gets a salt.
        """
        more: Item = {**expiry.after(self._days if days is None else days, self._now())}
        more |= {SALT: new_salt()} if "day" in document else {}
        compared: Any = {"ExpressionAttributeValues": to_item(values)} if values else {}
        with as_table_unavailable():
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=to_item(document | more),
                    ConditionExpression=condition,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **compared,
                )
            except self._client.exceptions.ConditionalCheckFailedException as error:
                return read_item(error.response["Item"])  # type: ignore[typeddict-item]
        return as_recorded(document)


def _claim(client_id: str, key: str, claim: Item) -> Item:
    return {"clientId": client_id, "predictionId": CLAIM + key, **claim}


def read_item(item: Mapping[str, Any]) -> Item:
    """Return an item of DynamoDB as it was recorded."""
    return as_recorded(from_item(item))


def as_recorded(document: Item) -> Item:
    """Return the document without what only the index and the evidence need."""
    return {name: value for name, value in document.items() if name not in ONLY_STORED}
