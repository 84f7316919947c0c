"""DynamoDB's form of documents, with exact numbers, and its failures as one problem."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import DYNAMODB_CONTEXT, TypeDeserializer
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

    It has no floats, so a number becomes the decimal of its shortest text. One that is too small
    for DynamoDB is 0. boto3's TypeSerializer, by way of JSON text, takes twice as long.

    Raises TypeError for what JSON does not have, and decimal's Inexact for more than 38 digits.
    """
    return {name: _form(value) for name, value in document.items()}


def from_item(item: Mapping[str, Any]) -> Item:
    """Return the document of DynamoDB's form."""
    return {name: _plain(TypeDeserializer().deserialize(value)) for name, value in item.items()}


def _form(value: Any) -> Item:
    if isinstance(value, str):
        return {"S": str.__str__(value)}  # of an enumeration, too, a plain text
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int | float):
        return {"N": str(DYNAMODB_CONTEXT.create_decimal(_exact(value)))}
    if isinstance(value, dict):
        return {"M": {name: _form(part) for name, part in value.items()}}
    if isinstance(value, list | tuple):
        return {"L": [_form(part) for part in value]}
    raise TypeError(f"DynamoDB has no form of a {type(value).__name__}.")


def _exact(value: float) -> Decimal:
    number = Decimal(repr(value))
    if not number.is_finite():
        raise TypeError(f"DynamoDB has no number {value}.")
    return number if abs(number) >= SMALLEST else Decimal(0)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value() and value.as_tuple().exponent == 0
        return int(value) if whole else float(value)
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value
