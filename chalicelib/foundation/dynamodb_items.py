"""DynamoDB's form of documents, with exact numbers, and its failures as one problem."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.foundation.errors import TableUnavailable

Item = dict[str, Any]

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
SMALLEST = Decimal("1e-130")


@contextmanager
def as_table_unavailable() -> Iterator[None]:
    """Raise TableUnavailable where DynamoDB or the way to it fails."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise TableUnavailable from error


def to_item(document: Item) -> Item:
    """Return DynamoDB's form.

    It has no floats, so a number becomes the Decimal of its shortest text. One that is too small
    for DynamoDB is 0.
    """
    exact = json.loads(json.dumps(document), parse_float=_exact)
    return {name: TypeSerializer().serialize(value) for name, value in exact.items()}


def from_item(item: Mapping[str, Any]) -> Item:
    """Return the document of DynamoDB's form."""
    return {name: _plain(TypeDeserializer().deserialize(value)) for name, value in item.items()}


def _exact(text: str) -> Decimal:
    number = Decimal(text)
    return number if abs(number) >= SMALLEST else Decimal(0)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value() and value.as_tuple().exponent == 0
        return int(value) if whole else float(value)
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value
