"""Expressions of state machines: JSONPath and JSONata, where moto's are wrong or slow."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from jsonata import Jsonata
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

_DEFINITE = re.compile(r"\$(?:\.[A-Za-z_][\w-]*|\[\d+\]|\['[^'\\]+'\])*")
_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]|\['([^'\\]+)'\]")


@dataclass(frozen=True)
class Match:
    """Match of a path.

    Without a path and a context, moto takes the value for what it is.
    """

    value: Any
    path: None = None
    context: None = None


@dataclass(frozen=True)
class DefinitePath:
    """`$.a[0].b` names one value. moto wraps it in a list when an index is on the way."""

    steps: tuple[str | int, ...]

    def find(self, data: Any) -> list[Match]:
        for step in self.steps:
            if not _has(data, step):
                return []
            data = data[step]
        return [Match(data)]


def _has(data: Any, step: str | int) -> bool:
    if isinstance(step, int):
        return isinstance(data, list) and step < len(data)
    return isinstance(data, dict) and step in data


def parse_once(original: Callable[[str], Any]) -> Callable[[str], Any]:
    """Replace the `parse` of jsonpath-ng, whose grammar takes milliseconds a path."""

    @lru_cache(maxsize=1024)
    def parse(path: str) -> Any:
        if not _DEFINITE.fullmatch(path):
            return original(path)
        steps = _STEP.findall(path)
        return DefinitePath(tuple(int(i) if i else name or quoted for name, i, quoted in steps))

    return parse


def remember(size: int) -> Callable[[Any], Any]:
    return lru_cache(maxsize=size)


def copy_of_json(original: Any) -> Any:
    """Replace the `copy` module where moto copies only JSON, a hundred times an execution."""
    return SimpleNamespace(deepcopy=_copied)


def _copied(value: Any) -> Any:
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    if type(value) is list:
        return [_copied(item) for item in value]
    return value


def jsonata_in_python(_never_set: None) -> Callable[[str], Any]:
    """Replace moto's `_eval_jsonata`, a pointer to a JVM that moto does not have."""

    def evaluate(expression: str) -> Any:
        return Jsonata(expression).evaluate(None)

    return evaluate


def jsonata_declarations(original: Any) -> Callable[[dict[str, Any]], str]:
    """Replace moto's encode_jsonata_variable_declarations, which does not escape strings."""

    def encode(bindings: dict[str, Any]) -> str:
        return "".join(f"{name}:={to_json_str(value)};" for name, value in bindings.items())

    return encode
