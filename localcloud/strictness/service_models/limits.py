"""The limits that AWS's service models put on one value: range, length, pattern and enumeration."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import regex  # type: ignore[import-untyped]
from botocore.model import Shape

# The constraint that a value of the right type breaks, in AWS's words, or None.
Limit = Callable[[Any], str | None]

NUMBERS = ("integer", "long", "float", "double")

# Values that AWS accepts though its model does not list them. Chalice deploys with these:
# https://github.com/aws/chalice/blob/master/chalice/awsclient.py (connect_s3_bucket_to_lambda)
ACCEPTED_TOO = {"FilterRuleName": ("Prefix", "Suffix")}


def limits_of(shape: Shape) -> tuple[Limit, ...]:
    """Return the limits of a shape's own value, not of its members."""
    return tuple(_limits(shape))


def _limits(shape: Shape) -> Iterator[Limit]:
    stated = shape.metadata
    if {"min", "max"} & {*stated} and shape.type_name != "structure":
        yield from _bounds(stated, _measure(shape))
    if matches := _compiled(stated["pattern"]) if "pattern" in stated else None:
        yield _pattern(stated["pattern"], matches)
    if "enum" in stated:
        yield _enumeration([*stated["enum"], *ACCEPTED_TOO.get(shape.name, ())])


def _measure(shape: Shape) -> tuple[str, Callable[[Any], float]]:
    if shape.type_name in NUMBERS:
        return "value", lambda value: value
    return "length", _bytes if shape.type_name == "blob" else len


def _bytes(blob: Any) -> int:
    """Count the bytes of a blob, which is base64 in JSON."""
    return len(blob) * 3 // 4 - blob[-2:].count("=") if isinstance(blob, str) else len(blob)


def _bounds(
    stated: Mapping[str, Any], measured: tuple[str, Callable[[Any], float]]
) -> Iterator[Limit]:
    name, measure = measured
    low, high = stated.get("min"), stated.get("max")
    if low is not None:
        below = f"Member must have {name} greater than or equal to {low}"
        yield lambda value: below if measure(value) < low else None
    if high is not None:
        above = f"Member must have {name} less than or equal to {high}"
        yield lambda value: above if measure(value) > high else None


def _pattern(pattern: str, matches: Any) -> Limit:
    broken = f"Member must satisfy regular expression pattern: {pattern}"
    return lambda value: None if matches.fullmatch(value) else broken


@cache
def _compiled(pattern: str) -> Any:
    """Compile a model's pattern, which is Java's.

    None for the few that no Python can read: a range of surrogates, for texts that may hold almost
    anything.
    """
    try:
        return regex.compile(pattern)
    except regex.error:
        return None


def _enumeration(values: list[str]) -> Limit:
    known = frozenset(values)
    broken = f"Member must satisfy enum value set: [{', '.join(values)}]"
    return lambda value: None if value in known else broken
