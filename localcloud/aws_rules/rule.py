"""A rule of AWS that no service model states."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DOCS = "https://docs.aws.amazon.com"

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """`broken` yields, in AWS's words, what a request breaks; it gets the request's parameters, and
    moto's response, which knows the account's state.
    """

    name: str
    requests: tuple[str, ...]  # service:Operation
    broken: Callable[[Parameters, Any], Iterator[str]]
    source: str
    code: str | None = None  # the error's; the service's own validation error if there is none


@dataclass(frozen=True)
class ShapeRule:
    """A rule of one shape of a service model, wherever in a request the shape is. `broken` returns
    AWS's whole answer to a value, None for a value that is right; it gets None for a null.
    """

    name: str
    shape: str
    broken: Callable[[Any], str | None]
    source: str
    code: str


def violated(value: object, path: str, constraint: str) -> str:
    """Word a violation as the services word those of their models."""
    shown = "null" if value is None else f"'{value}'"
    return (
        f"1 validation error detected: Value {shown} at '{path}' failed to satisfy constraint: "
        f"{constraint}"
    )


def at_most(value: object, path: str, limit: int) -> str:
    return violated(value, path, f"Member must have value less than or equal to {limit}")


def longer_than(value: object, path: str, limit: int) -> str:
    return violated(value, path, f"Member must have length less than or equal to {limit}")
