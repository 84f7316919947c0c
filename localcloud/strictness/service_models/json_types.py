"""The types of AWS's JSON protocols, and the words of the service for a value of another type.

AWS deserializes a request before it validates it: a text for an integer is a
SerializationException, whatever the service model says of the member.

- Types that are refused: Smithy's protocol tests,
  https://github.com/smithy-lang/smithy/tree/main/smithy-aws-protocol-tests/model/restJson1/malformedRequests
- Words: DynamoDB's own, which dynalite recorded (https://github.com/architect/dynalite).
- A number with a fraction is no integer (Smithy). DynamoDB itself is said to truncate it.
- Unknown members are ignored, and so is a member that is null. A null in a list or a map is not.
- A timestamp in JSON is a number, unless its shape names a format of text.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from botocore.model import Shape
from botocore.utils import parse_timestamp

_JAVA = {
    "blob": "java.nio.ByteBuffer",
    "boolean": "java.lang.Boolean",
    "double": "java.lang.Double",
    "float": "java.lang.Float",
    "integer": "java.lang.Integer",
    "list": "java.util.List",
    "long": "java.lang.Long",
    "map": "java.util.Map",
    "string": "java.lang.String",
    "timestamp": "java.util.Date",
}


# https://github.com/pplu/aws-sdk-perl: X-Ray answers this.
_UNLIKE = {"timestamp": "can not be converted to milliseconds since epoch"}


def _integer(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    """Say whether it is a number. NaN and the infinities are texts in JSON."""
    if isinstance(value, str):
        return value in ("NaN", "Infinity", "-Infinity")
    return isinstance(value, int | float) and not isinstance(value, bool)


# Whether a value, out of JSON or parsed from a query or XML, is of a shape's type.
FITS: Mapping[str, Callable[[Any], bool]] = {
    "blob": lambda value: isinstance(value, str | bytes | bytearray),
    "boolean": lambda value: isinstance(value, bool),
    "double": _number,
    "float": _number,
    "integer": _integer,
    "list": lambda value: isinstance(value, list | tuple),
    "long": _integer,
    "map": lambda value: isinstance(value, Mapping),
    "string": lambda value: isinstance(value, str),
    "structure": lambda value: isinstance(value, Mapping),
    "timestamp": lambda value: (
        isinstance(value, int | float | str | datetime) and not isinstance(value, bool)
    ),
}


def timestamp_of(shape: Shape) -> Callable[[Any], bool]:
    """Return whether a value is a timestamp as that shape is written: text in a header, in a query
    and in a named format, else seconds. What moto has parsed already is one.
    """
    stated = shape.serialization
    is_text = stated.get("timestampFormat") in ("iso8601", "rfc822") or "location" in stated

    def fits(value: Any) -> bool:
        if isinstance(value, str):
            return is_text and _is_date(value)
        return isinstance(value, int | float | datetime) and not isinstance(value, bool)

    return fits


def _is_date(text: str) -> bool:
    try:
        parse_timestamp(text)
    except (ValueError, OverflowError):
        return False
    return True


# The Python type that nearly every value of a shape's type has: the check that costs least.
USUAL = {
    "blob": bytes,
    "boolean": bool,
    "integer": int,
    "list": list,
    "long": int,
    "map": dict,
    "string": str,
    "structure": dict,
}


def misfit(shape: Shape, value: Any) -> str:
    """Return the service's words for a value that is not of the shape's type."""
    kind = shape.type_name
    if isinstance(value, list):
        return f"Unrecognized collection type class {_JAVA.get(kind, shape.name)}"
    if isinstance(value, Mapping):
        return "Start of structure or map found where not expected"
    if kind in ("list", "map", "structure"):
        return "Unexpected field type"
    if kind == "blob":
        return "only base-64-encoded strings are convertible to bytes"
    if kind == "boolean" and isinstance(value, str):
        return "Unexpected token received from parser"
    return f"{_token(value)} {_UNLIKE.get(kind) or f'cannot be converted to {_java(kind)}'}"


def _java(kind: str) -> str:
    return _JAVA.get(kind, kind).rpartition(".")[2]


def _token(value: Any) -> str:
    if isinstance(value, bool):
        return f"{str(value).upper()}_VALUE"
    if isinstance(value, str):
        return "STRING_VALUE"
    return "DECIMAL_VALUE" if isinstance(value, float) else "NUMBER_VALUE"
