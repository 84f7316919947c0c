"""Parameters of a stage beside its stacks: the review-only mode, which a deployment keeps, the keys
of cursors, which CloudFormation can't make, as it has no SecureString, where people sign in to the
console, whose address the API alone knows, and the first day that can have decisions.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.decisions.lists.cursor_keys import new_key, parsed, written
from chalicelib.foundation.settings import Settings
from chalicelib.people import sign_in_place
from chalicelib.people.sign_in_place import SignInPlace

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ssm import SSMClient

FIRST_DAY = "No decision is of an earlier day. Without it, lists of decisions look for them."
DESCRIPTION = "Keys that sign cursors of lists, the newest first. make deploy and make cursor-key."


def review_only_mode(client: "SSMClient", settings: Settings) -> str:
    """Return the review-only mode; empty if there is no such parameter."""
    return _value(client, settings.review_only_parameter)


def keep_for_lists(client: "SSMClient", dynamodb: "DynamoDBClient", settings: Settings) -> None:
    """Make what lists of decisions read, unless it is there."""
    keep_cursor_keys(client, settings)
    keep_first_day(client, dynamodb, settings, datetime.now(UTC))


def keep_cursor_keys(client: "SSMClient", settings: Settings) -> None:
    """Make the parameter with a first key unless there is one."""
    if not _value(client, settings.cursor_keys_parameter):
        _put(client, settings, [new_key()])


def rotate_cursor_keys(client: "SSMClient", settings: Settings) -> None:
    """Put a new key before the one that signs. That one's cursors stay good until the next time."""
    value = _value(client, settings.cursor_keys_parameter)
    _put(client, settings, [new_key(), *(parsed(value) if value else ())])


def keep_sign_in(client: "SSMClient", settings: Settings, place: SignInPlace) -> None:
    """Tell the console where people sign in, unless it knows."""
    name, value = settings.sign_in_parameter, sign_in_place.written(place)
    if _value(client, name) != value:
        client.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


def keep_first_day(
    client: "SSMClient", dynamodb: "DynamoDBClient", settings: Settings, now: datetime
) -> None:
    """Tell lists that no decision is older than yesterday, if the table is empty and nobody has.

    The day before is for the clock of this machine. A table with items may have older decisions.
    """
    name = settings.first_day_parameter
    if not _value(client, name) and not _has_items(dynamodb, settings.predictions_table):
        value = f"{now.astimezone(UTC) - timedelta(days=1):%F}"
        client.put_parameter(Name=name, Value=value, Type="String", Description=FIRST_DAY)


def _has_items(dynamodb: "DynamoDBClient", table: str) -> bool:
    return bool(dynamodb.scan(TableName=table, Limit=1, ConsistentRead=True)["Items"])


def delete(client: "SSMClient", settings: Settings) -> Iterator[str]:
    """Delete the parameters that no stack has, and yield the name of each."""
    for name in (
        settings.cursor_keys_parameter,
        settings.first_day_parameter,
        settings.sign_in_parameter,
    ):
        if _value(client, name):
            client.delete_parameter(Name=name)
            yield f"parameter {name}"


def _put(client: "SSMClient", settings: Settings, keys: list[bytes]) -> None:
    client.put_parameter(
        Name=settings.cursor_keys_parameter,
        Value=written(keys),
        Type="SecureString",
        Description=DESCRIPTION,
        Overwrite=True,
    )


def _value(client: "SSMClient", name: str) -> str:
    """Return a parameter's value; empty if there is none."""
    try:
        return client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except client.exceptions.ParameterNotFound:
        return ""
