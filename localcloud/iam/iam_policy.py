"""Evaluation of IAM policies by IAM's rules: a deny wins, and nothing is allowed by default."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Matcher = Callable[[str], bool]


class PolicyNotUnderstood(Exception):
    """A part of a policy that this evaluation would have to guess at."""


@dataclass(frozen=True)
class Call:
    role: str
    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Permission:
    """One action on one pattern of resources: the smallest thing that a policy gives."""

    effect: str
    action: str
    resource: str
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]

    def covers(self, call: Call) -> bool:
        return (
            _like(self.action.lower())(call.action.lower())
            and _like(self.resource)(call.resource)
            and all(_holds(*condition, dict(call.context)) for condition in self.conditions)
        )


@lru_cache(8192)
def allow(documents: tuple[str, ...], call: Call) -> bool:
    return allows((one for document in documents for one in parse(document)), call)


def allows(permissions: Iterable[Permission], call: Call) -> bool:
    covering = [one.effect for one in permissions if one.covers(call)]
    return "Deny" not in covering and "Allow" in covering


@lru_cache(256)
def parse(document: str) -> tuple[Permission, ...]:
    """Return every permission of an identity policy. Raises PolicyNotUnderstood."""
    return tuple(one for statement in statements(document) for one in _permissions(statement))


def trusts(document: str, service: str, account: str) -> bool:
    """Return whether the service may assume a role with this trust policy, for this account."""
    context = {"aws:SourceAccount": account}
    return any(
        statement["Effect"] == "Allow"
        and service in _listed(statement["Principal"].get("Service", []))
        and "sts:AssumeRole" in _listed(statement["Action"])
        and all(_holds(*condition, context) for condition in _conditions(statement))
        for statement in statements(document)
    )


def statements(document: str) -> list[dict[str, Any]]:
    found = json.loads(document)["Statement"]
    return [found] if isinstance(found, dict) else list(found)


def _permissions(statement: Mapping[str, Any]) -> Iterable[Permission]:
    known = {"Sid", "Effect", "Action", "Resource", "Condition"}
    if unknown := statement.keys() - known:
        raise PolicyNotUnderstood(f"The policy's {', '.join(sorted(unknown))} is not evaluated.")
    conditions = tuple(_conditions(statement))
    for action in _listed(statement["Action"]):
        for resource in _listed(statement["Resource"]):
            yield Permission(statement["Effect"], action, resource, conditions)


def _conditions(statement: Mapping[str, Any]) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    for operator, keys in statement.get("Condition", {}).items():
        if operator not in ("StringEquals", "StringLike"):
            raise PolicyNotUnderstood(f"The condition {operator} is not evaluated.")
        for key, values in keys.items():
            yield operator, key, tuple(_listed(values))


def _holds(operator: str, key: str, values: Iterable[str], context: Mapping[str, str]) -> bool:
    actual = context.get(key)
    if actual is None:
        return False
    return actual in values if operator == "StringEquals" else any(_like(v)(actual) for v in values)


@lru_cache(4096)
def _like(pattern: str) -> Matcher:
    """Return whether a text matches a pattern: * is any text, ? is any character."""
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    matcher = re.compile(escaped, re.DOTALL).fullmatch
    return lambda text: matcher(text) is not None


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
