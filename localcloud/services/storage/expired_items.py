"""DynamoDB's time to live: items whose time has come are deleted, which AWS does within a few days.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from moto.dynamodb.models import dynamodb_backends

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OLDEST = 5 * 365 * 86_400  # AWS takes an item that expired earlier for a mistake, and leaves it


def delete_expired(client: "DynamoDBClient", account: str, region: str, now: float) -> int:
    """Delete the items that have expired, and return how many there were. Raises NotStored."""
    gone = 0
    for table in [*dynamodb_backends[account][region].tables.values()]:
        for key in _expired(table, now):
            client.delete_item(TableName=table.name, Key=key)
            gone += 1
    return gone


def _expired(table: Any, now: float) -> Iterator[dict[str, Any]]:
    """Yield the keys of a table's expired items. A text, or no attribute, never expires."""
    keys = [name for name in (table.hash_key_attr, table.range_key_attr) if name]
    for item in table.items.expired(now - OLDEST, now):
        if now - OLDEST < float(item.attrs[table.ttl["AttributeName"]].value) < now:
            yield {name: item.attrs[name].to_regular_json() for name in keys}
