"""Move old decisions to the shards of the day index (decisions/day_index.py).

python -m infrastructure.operate.migrate --stage dev
"""

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.decisions.day_index import key_of
from chalicelib.foundation.settings import STAGES, Settings
from infrastructure import embedded
from infrastructure.project import InvalidConfig, app_name

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BEFORE_SHARDS = re.compile(r"(outcomes#)?[0-9]{4}-[0-9]{2}-[0-9]{2}")
PAGE = 500  # items; each of a page is moved before the next page is read
TELL_EVERY_SECONDS = 10
# A move deletes from the one key that a whole day had: if that is throttled, wait.
PATIENT = Config(retries={"mode": "adaptive", "total_max_attempts": 10})

Item = dict[str, Any]


class NoTable(Exception):
    """The stage is not deployed here."""


def migrate(client: "DynamoDBClient", table: str, report: Callable[[str], None]) -> int:
    """Move each item to its shard. Return how many were moved.

    Safe to stop and repeat: moved items are left alone. Raises NoTable.
    """
    started = told_at = time.monotonic()
    total, read, moved = _about_how_many(client, table), 0, 0
    for page in _pages(client, table):
        moved += sum(_move(client, table, item) for item in page if _is_old(item))
        read += len(page)
        if time.monotonic() - told_at > TELL_EVERY_SECONDS:
            told_at = time.monotonic()
            report(f"{told_at - started:5.0f} s  {read:,} of about {total:,} read, {moved:,} moved")
    report(
        f"{read:,} items read, {moved:,} moved to their shard. Nothing is left under a whole day."
    )
    return moved


def _about_how_many(client: "DynamoDBClient", table: str) -> int:
    """Return the table's item count, which DynamoDB updates about every six hours."""
    try:
        return client.describe_table(TableName=table)["Table"]["ItemCount"]
    except client.exceptions.ResourceNotFoundException as error:
        raise NoTable(f"There is no table {table} in {client.meta.region_name}.") from error


def _pages(client: "DynamoDBClient", table: str) -> Iterator[list[Item]]:
    pages = client.get_paginator("scan").paginate(
        TableName=table,
        ProjectionExpression="clientId, predictionId, #day",
        ExpressionAttributeNames={"#day": "day"},
        PaginationConfig={"PageSize": PAGE},
    )
    for page in pages:
        yield page["Items"]


def _is_old(item: Item) -> bool:
    """Return whether an item has an old key. A claim of an Idempotency-Key is not in the index."""
    return "day" in item and BEFORE_SHARDS.fullmatch(item["day"]["S"]) is not None


def _move(client: "DynamoDBClient", table: str, item: Item) -> bool:
    """Move an item.

    Return whether this call moved it: an item that was deleted or moved meanwhile stays so. Only
    its key in the index changes.
    """
    old = item["day"]["S"]
    try:
        client.update_item(
            TableName=table,
            Key={name: item[name] for name in ("clientId", "predictionId")},
            UpdateExpression="SET #day = :new",
            ConditionExpression="#day = :old",
            ExpressionAttributeNames={"#day": "day"},
            ExpressionAttributeValues={
                ":old": {"S": old},
                ":new": {"S": key_of(old, item["predictionId"]["S"])},
            },
        )
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", required=True, choices=STAGES)
    given = parser.parse_args()
    embedded.reach()
    try:
        client = boto3.client("dynamodb", config=PATIENT)
        settings = Settings(app_name(), given.stage, client.meta.region_name)
        migrate(client, settings.predictions_table, lambda text: print(text, flush=True))
    except NoTable as fault:
        hint = f"Run make deploy STAGE={given.stage}, or name its region: AWS_DEFAULT_REGION=…"
        print(fault, hint, file=sys.stderr)
        return 1
    except (InvalidConfig, BotoCoreError, ClientError) as fault:
        print(
            f"{fault}\nWhat was moved stays moved; go on with make migrate STAGE={given.stage}.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
