"""Properties of a template's resources, held against CloudFormation's own schemas of their types.

CloudFormation validates the properties of a resource before its service sees them. The words are
CloudFormation's, which names the keyword and not the value.
Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import regex  # type: ignore[import-untyped]
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.exceptions import ValidationError as Violation
from jsonschema.validators import extend
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.parsing import clean_json

from localcloud.aws_rules.cloudformation.resource_types import schema
from localcloud.strictness.template_requests import refusal

# The template's texts that CloudFormation takes for a number, a truth value or a text.
_TAKEN_FOR: Final[Mapping[str, Callable[[Any], bool]]] = {
    "boolean": lambda value: str(value).lower() in ("true", "false"),
    "integer": lambda value: bool(regex.fullmatch(r"[+-]?\d+", str(value))),
    "number": lambda value: isinstance(_number(value), float),
    "string": lambda value: isinstance(value, bool | int | float),
}


def held_to_its_schema(original: Any) -> Callable[..., Any]:
    """Replace moto's parse_resource_and_generate_name.

    Every resource that is created or updated passes through it.
    """

    def parse(logical_id: str, resource: dict[str, Any], resources: Any) -> Any:
        properties = clean_json(resource.get("Properties", {}), resources)
        kind, region = resource["Type"], resources["AWS::Region"]
        if found := broken(kind, properties, region):
            raise ValidationError(
                logical_id,
                f"Properties validation failed for resource {logical_id} with message:\n"
                f"[{', '.join(found)}]",
            )
        parsed = original(logical_id, resource, resources)
        account = resources["AWS::AccountId"]
        if parsed and (message := refusal(kind, parsed[2], properties, account, region)):
            raise ValidationError(logical_id, message)
        return parsed

    return parse


def broken(kind: str, properties: Mapping[str, Any], region: str) -> list[str]:
    """Return what the properties break: nothing for a type that is not AWS's."""
    validator = _validator(kind, region)
    if validator is None:
        return []
    read_only = {*validator.schema.get("readOnlyProperties", ())}
    set_by_aws = [name for name in properties if f"/properties/{name}" in read_only]
    found = [_extraneous("#", name) for name in set_by_aws]
    for one in validator.iter_errors(properties):
        found.extend(_worded(one))
    return list(dict.fromkeys(found))


@cache
def _validator(kind: str, region: str) -> Any:
    found = schema(kind, region)
    return _Validator(found) if found else None


def _worded(violation: Violation) -> Iterator[str]:
    place = "/".join(("#", *(str(one) for one in violation.absolute_path)))
    keyword, stated, given = violation.validator, violation.validator_value, violation.instance
    if keyword == "additionalProperties" and stated is False:
        schema: Any = violation.schema
        patterns = schema.get("patternProperties", ())
        for name in given:
            if name not in schema.get("properties", ()) and not _matches_any(patterns, name):
                yield _extraneous(place, name)
    elif keyword == "required":
        for name in stated:
            if name not in given:
                yield f"{place}: required key [{name}] not found"
    elif keyword == "type":
        kinds = stated if isinstance(stated, list) else [stated]
        expected = " or ".join(str(kind).capitalize() for kind in kinds)
        yield f"{place}: expected type: {expected}, found: {_kind(given)}"
    else:
        yield f"{place}: failed validation constraint for keyword [{keyword}]"


def _extraneous(place: str, name: str) -> str:
    return f"{place}: extraneous key [{name}] is not permitted"


def _matches_any(patterns: Any, name: str) -> bool:
    return any(regex.search(pattern, name) for pattern in patterns)


def _kind(value: Any) -> str:
    kinds = {bool: "Boolean", dict: "JSONObject", float: "Number", int: "Integer",
             list: "JSONArray", str: "String"}  # fmt: skip
    return kinds.get(type(value), "Null")


def _type(validator: Any, stated: Any, value: Any, _schema: Any) -> Iterator[Violation]:
    kinds = stated if isinstance(stated, list) else [stated]
    scalar = isinstance(value, bool | int | float | str)
    if not any(
        validator.is_type(value, kind)
        or (scalar and kind in _TAKEN_FOR and _TAKEN_FOR[kind](value))
        for kind in kinds
    ):
        yield Violation("type")


def _number(value: Any) -> Any:
    """Return the number that a text is; anything else as it is."""
    try:
        return float(value) if isinstance(value, str | int) else value
    except ValueError:
        return value


def _of_numbers(keyword: str) -> Any:
    check = Draft202012Validator.VALIDATORS[keyword]
    return lambda validator, stated, value, schema: check(
        validator, stated, value if isinstance(value, bool) else _number(value), schema
    )


def _enum(_validator: Any, stated: Any, value: Any, _schema: Any) -> Iterator[Violation]:
    if value not in stated and str(value) not in [str(one) for one in stated]:
        yield Violation("enum")


def _pattern(_validator: Any, stated: str, value: Any, _schema: Any) -> Iterator[Violation]:
    try:
        matches = not isinstance(value, str) or regex.search(stated, value)
    except regex.error:  # Java's, and no Python can read it
        return
    if not matches:
        yield Violation("pattern")


def _pattern_properties(
    validator: Any, stated: Any, value: Any, _schema: Any
) -> Iterator[Violation]:
    for pattern, stated_of in stated.items():
        for name, one in value.items() if isinstance(value, Mapping) else ():
            if regex.search(pattern, name):
                yield from validator.descend(one, stated_of, path=name, schema_path=pattern)


def _additional(validator: Any, stated: Any, value: Any, schema: Any) -> Iterator[Violation]:
    known, patterns = schema.get("properties", ()), schema.get("patternProperties", ())
    given = value if isinstance(value, Mapping) else {}
    extra = [one for one in given if one not in known and not _matches_any(patterns, one)]
    if extra and stated is False:
        yield Violation("additionalProperties")
    for name in extra if isinstance(stated, Mapping) else ():
        yield from validator.descend(given[name], stated, path=name)


def _excluded(_validator: Any, stated: Any, value: Any, _schema: Any) -> Iterator[Violation]:
    given = value if isinstance(value, Mapping) else {}
    if any(other in given for name in stated if name in given for other in stated[name]):
        yield Violation("dependentExcluded")


def _exactly_one(_validator: Any, stated: Any, value: Any, _schema: Any) -> Iterator[Violation]:
    if isinstance(value, Mapping) and sum(name in value for name in stated) != 1:
        yield Violation("requiredXor")


_Validator = extend(
    Draft202012Validator,
    {
        **{one: _of_numbers(one) for one in ("minimum", "maximum", "multipleOf")},
        "additionalProperties": _additional,
        "dependencies": Draft7Validator.VALIDATORS["dependencies"],
        "dependentExcluded": _excluded,
        "enum": _enum,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "requiredXor": _exactly_one,
        "type": _type,
    },
)
