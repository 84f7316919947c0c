"""DynamoDB's rules for values of attributes, keys of indexes, and the size of expressions."""

import re
import threading
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from localcloud.aws_rules.rule import DOCS, Parameters, Rule, ShapeRule

_CONSTRAINTS = f"{DOCS}/amazondynamodb/latest/developerguide/Constraints.html"
_TYPES = f"{DOCS}/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html"
_INDEXES = f"{DOCS}/amazondynamodb/latest/developerguide/GSI.html"
_WRITES = tuple(
    f"dynamodb:{one}" for one in ("PutItem", "UpdateItem", "BatchWriteItem", "TransactWriteItems")
)
_READS = ("dynamodb:Query", "dynamodb:Scan", "dynamodb:GetItem")
# What DynamoDB itself answered to these requests, recorded as tests.
_RECORDED = "https://github.com/architect/dynalite/blob/main/test"
_INVALID = "One or more parameter values were invalid: "

DIGITS = 38
LEVELS = 32
EXPRESSION_BYTES = 4096
LARGEST = Decimal("9.9999999999999999999999999999999999999E+125")
_EXPRESSIONS = ("UpdateExpression", "ConditionExpression", "FilterExpression",
                "KeyConditionExpression", "ProjectionExpression")  # fmt: skip
_SETS = ("SS", "NS", "BS")
_KINDS = frozenset(("S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"))
_EXACTLY_ONE = "must contain exactly one of the supported datatypes"
_EMPTY = f"Supplied AttributeValue is empty, {_EXACTLY_ONE}"
_SEVERAL = f"Supplied AttributeValue has more than one datatypes set, {_EXACTLY_ONE}"
_SHORT = re.compile(r"-?[0-9.]{1,38}")  # a number that breaks neither limit

Item = Mapping[str, Mapping[str, Any]]


def _one_type(value: Mapping[str, Any] | None) -> str | None:
    if value and len(value) == 1:  # nearly every value: the check that costs least
        ((kind, held),) = value.items()
        return None if held is not None and kind in _KINDS else _EMPTY
    kinds = _set(value, _KINDS)
    if kinds == 1:
        return None
    return _SEVERAL if kinds else _EMPTY


def _set(value: Mapping[str, Any] | None, names: frozenset[str]) -> int:
    """Count the members among `names` that a structure has; a null is none."""
    return sum(1 for name, held in (value or {}).items() if held is not None and name in names)


def _one_type_each(values: Mapping[str, Any] | None) -> str | None:
    """Word a value of an expression, nested or not: DynamoDB adds the key."""
    for key, value in (values or {}).items():
        if broken := _first_broken(value):
            return f"ExpressionAttributeValues contains invalid value: {broken} for key {key}"
    return None


def _first_broken(value: Any) -> str | None:
    if value is not None and not isinstance(value, Mapping):
        return None  # of another type, which is a SerializationException
    if broken := _one_type(value):
        return broken
    inner = (value or {}).get("M") or (value or {}).get("L")
    members = inner.values() if isinstance(inner, Mapping) else inner or ()
    return next(filter(None, map(_first_broken, members)), None)


def _one_write(value: Mapping[str, Any] | None) -> str | None:
    """Use DynamoDB's words, which are those for a value."""
    return None if _set(value, frozenset(("PutRequest", "DeleteRequest"))) == 1 else _SEVERAL


def _one_action(value: Mapping[str, Any] | None) -> str | None:
    actions = _set(value, frozenset(("ConditionCheck", "Delete", "Put", "Update")))
    if actions == 1:
        return None
    return "TransactItems can only contain one of Check, Put, Update or Delete"


def _operations(parameters: Parameters) -> Iterator[Parameters]:
    """Yield the writes of a request, each as PutItem or UpdateItem has its parameters."""
    for table, requests in (parameters.get("RequestItems") or {}).items():
        for one in requests:
            if put := one.get("PutRequest"):
                yield {"TableName": table, **put}
    for one in parameters.get("TransactItems") or []:
        yield from one.values()
    if "TableName" in parameters:
        yield parameters


_last = threading.local()  # the request that this thread walked last, and its values


def _values(parameters: Parameters) -> list[tuple[Mapping[str, Any], int]]:
    """Return each value of a request, with the level that it is nested at; the first is 1.

    Three rules ask for them in a row: a request is walked once.
    """
    if getattr(_last, "parameters", None) is not parameters:
        _last.parameters, _last.values = parameters, _walked(parameters)
    return list(_last.values)


def _walked(parameters: Parameters) -> list[tuple[Mapping[str, Any], int]]:
    waiting = [
        (value, 1)
        for operation in _operations(parameters)
        for part in ("Item", "Key", "ExpressionAttributeValues")
        for value in (operation.get(part) or {}).values()
    ]
    for value, level in waiting:  # which grows by the values inside
        if level <= LEVELS and (inner := value.get("M") or value.get("L")):
            members = inner.values() if isinstance(inner, Mapping) else inner
            waiting.extend([(one, level + 1) for one in members])
    return waiting


def _numbers(parameters: Parameters, _request: Any) -> Iterator[str]:
    for value, _ in _values(parameters):
        for kind, held in value.items():
            for text in (held,) if kind == "N" else held if kind == "NS" else ():
                if not _SHORT.fullmatch(text) and (broken := _number(text)):
                    yield broken
                    return


def _number(text: str) -> str:
    number = _as_number(text)
    if isinstance(number, str):
        return ""  # moto's own answer is AWS's
    digits = "".join(str(digit) for digit in number.as_tuple().digits).strip("0")
    if len(digits) > DIGITS:
        return f"Attempting to store more than {DIGITS} significant digits in a Number"
    if number.is_finite() and number.copy_abs() > LARGEST:  # abs() would round
        return (
            "Number overflow. Attempting to store a number with magnitude larger than supported "
            "range"
        )
    return ""


def _sets(parameters: Parameters, _request: Any) -> Iterator[str]:
    for value, _ in _values(parameters):
        for kind, members in value.items():
            if kind in _SETS and _repeated(kind, members):
                yield f"{_INVALID}Input collection [{', '.join(members)}] contains duplicates."
                return


def _repeated(kind: str, members: list[Any]) -> bool:
    return len({_as_number(one) if kind == "NS" else one for one in members}) < len(members)


def _as_number(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _nesting(parameters: Parameters, _request: Any) -> Iterator[str]:
    if any(level > LEVELS for _, level in _values(parameters)):
        yield (
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested "
            "levels beyond supported limit"
        )


def _index_keys(parameters: Parameters, request: Any) -> Iterator[str]:
    """Hold the keys of all secondary indexes to their type, and to some length."""
    for operation in _operations(parameters):
        table = request.dynamodb_backend.tables.get(operation.get("TableName"))
        types = {one["AttributeName"]: one["AttributeType"] for one in table.attr} if table else {}
        for index in [*table.global_indexes, *table.indexes] if table else ():
            for key in (one["AttributeName"] for one in index.schema):
                for value in _written(operation, key):
                    yield from _index_key(index.name, key, value, types[key])


def _index_key(index: str, key: str, value: Mapping[str, Any], kind: str) -> Iterator[str]:
    actual = next(iter(value))
    if actual != kind:
        yield (
            f"{_INVALID}Type mismatch for Index Key {key} Expected: {kind} Actual: {actual} "
            f"IndexName: {index}"
        )
    elif value[actual] in ("", b""):
        yield (
            "One or more parameter values are not valid. A value specified for a secondary index "
            "key is not supported. The AttributeValue for a key attribute cannot contain an empty "
            f"string value. IndexName: {index}, IndexKey: {key}"
        )


def _written(operation: Parameters, key: str) -> Iterator[Mapping[str, Any]]:
    """Yield the values that a write gives an attribute, by its item or by its expression's SET."""
    if key in (operation.get("Item") or {}):
        yield operation["Item"][key]
    if "UpdateExpression" not in operation:
        return
    names = operation.get("ExpressionAttributeNames") or {}
    values = operation.get("ExpressionAttributeValues") or {}
    tokens = [re.escape(one) for one in (key, *(name for name in names if names[name] == key))]
    assigned = rf"(?<![\w.#:])(?:{'|'.join(tokens)})\s*=\s*(?:if_not_exists\s*\([^,]*,\s*)?(:\w+)"
    for value in re.findall(assigned, operation["UpdateExpression"] or ""):
        if value in values:
            yield values[value]


def _expressions(parameters: Parameters, _request: Any) -> Iterator[str]:
    for operation in (parameters, *_operations(parameters)):
        for name in _EXPRESSIONS:
            size = len((operation.get(name) or "").encode())
            if size > EXPRESSION_BYTES:
                yield (
                    f"Invalid {name}: Expression size has exceeded the maximum allowed size; "
                    f"expression size: {size}"
                )


SHAPE_RULES: tuple[ShapeRule, ...] = (
    ShapeRule("one type of a value", "AttributeValue", _one_type,
              f"{_RECORDED}/updateItem.js", "ValidationException"),
    ShapeRule("one type of an expression's value", "ExpressionAttributeValueMap", _one_type_each,
              f"{_RECORDED}/updateItem.js", "ValidationException"),
    ShapeRule("one write of a batch's request", "WriteRequest", _one_write,
              f"{_RECORDED}/batchWriteItem.js", "ValidationException"),
    ShapeRule("one action of a transaction's item", "TransactWriteItem", _one_action,
              "https://github.com/getmoto/moto/blob/master/tests/test_dynamodb/exceptions/"
              "test_dynamodb_exceptions.py", "ValidationException"),
)  # fmt: skip

RULES: tuple[Rule, ...] = (
    Rule("digits and range of a number", _WRITES, _numbers, _TYPES),
    Rule("members of a set", _WRITES, _sets, _TYPES),
    Rule("nesting of a value", _WRITES, _nesting, _CONSTRAINTS),
    Rule("keys of an index", _WRITES, _index_keys, _INDEXES),
    Rule("size of an expression", (*_WRITES, *_READS), _expressions, _CONSTRAINTS),
)  # fmt: skip
