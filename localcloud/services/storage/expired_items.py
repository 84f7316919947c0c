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
    tables = dynamodb_backends[account][region].tables
    gone = [(table.name, key) for table in tables.values() for key in _expired(table, now)]
    for name, key in gone:
        client.delete_item(TableName=name, Key=key)
    return len(gone)


def _expired(table: Any, now: float) -> Iterator[dict[str, Any]]:
    """Yield the keys of a table's expired items. A text, or no attribute, never expires."""
    if table.ttl["TimeToLiveStatus"] != "ENABLED":
        return
    keys = [name for name in (table.hash_key_attr, table.range_key_attr) if name]
    for item in list(table.all_items()):
        end = item.attrs.get(table.ttl["AttributeName"])
        if end is not None and end.type == "N" and now - OLDEST < float(end.value) < now:
            yield {name: item.attrs[name].to_regular_json() for name in keys}
