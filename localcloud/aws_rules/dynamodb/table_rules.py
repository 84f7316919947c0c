"""DynamoDB's rules for tables: their names, and the attributes of their keys."""

import re
from collections.abc import Iterator
from typing import Any

from localcloud.aws_rules.rule import Parameters, Rule, violated

# What DynamoDB itself answered to these requests, recorded as tests.
_RECORDED = "https://github.com/architect/dynalite/blob/main/test/createTable.js"
_CREATED = ("dynamodb:CreateTable",)
_INVALID = "One or more parameter values were invalid: "

TABLE_NAME_LENGTHS = (3, 255)
_TABLE_NAME = re.compile(r"[a-zA-Z0-9_.-]+")


def _table_name(parameters: Parameters, _request: Any) -> Iterator[str]:
    """Hold a name to 3 to 255 characters of few kinds. The model's 1,024 are those of an ARN."""
    name = parameters["TableName"]
    low, high = TABLE_NAME_LENGTHS
    if not low <= len(name) <= high:
        yield f"TableName must be at least {low} characters long and at most {high} characters long"
    if not _TABLE_NAME.fullmatch(name):
        pattern = f"Member must satisfy regular expression pattern: {_TABLE_NAME.pattern}"
        yield violated(name, "tableName", pattern)


def _attributes(parameters: Parameters, _request: Any) -> Iterator[str]:
    """Refuse an attribute that is part of no key: a table defines no others."""
    indexes = [
        index
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        for index in parameters.get(kind) or []
    ]
    keys = dict.fromkeys(
        key["AttributeName"] for one in (parameters, *indexes) for key in one.get("KeySchema") or []
    )
    given = [one["AttributeName"] for one in parameters.get("AttributeDefinitions") or []]
    if not {*given} - {*keys}:
        return
    if indexes:
        yield (
            f"{_INVALID}Some AttributeDefinitions are not used. AttributeDefinitions: "
            f"[{', '.join(given)}], keys used: [{', '.join(keys)}]"
        )
    else:
        yield (
            f"{_INVALID}Number of attributes in KeySchema does not exactly match number of "
            "attributes defined in AttributeDefinitions"
        )


RULES: tuple[Rule, ...] = (
    Rule("name of a table", _CREATED, _table_name, _RECORDED),
    Rule("attributes of a table's keys", _CREATED, _attributes, _RECORDED),
)
