"""Step Functions' rules for the names and the input of executions."""

import re
from collections.abc import Iterator
from typing import Any

from localcloud.aws_rules.rule import DOCS, Parameters, Rule, longer_than

_EXECUTIONS = ("stepfunctions:StartExecution", "stepfunctions:StartSyncExecution")
_GUIDE = f"{DOCS}/step-functions/latest/dg"
_REFERENCE = f"{DOCS}/step-functions/latest/apireference"
_QUOTAS = f"{_GUIDE}/service-quotas.html"

STATE_BYTES = 262_144
_IN_NO_NAME = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")


def _names(parameters: Parameters, _request: Any) -> Iterator[str]:
    name = parameters.get("name")
    if isinstance(name, str) and _IN_NO_NAME.search(name):
        yield f"Invalid Name: '{name}'"


def _input(parameters: Parameters, _request: Any) -> Iterator[str]:
    text = parameters.get("input") or ""
    if len(text.encode()) > STATE_BYTES:
        yield longer_than(f"{text[:40]}...", "input", STATE_BYTES)


RULES: tuple[Rule, ...] = (
    Rule("characters of execution and machine names",
         (*_EXECUTIONS, "stepfunctions:CreateStateMachine"), _names,
         f"{_REFERENCE}/API_StartExecution.html", "InvalidName"),
    Rule("input of an execution", _EXECUTIONS, _input, _QUOTAS),
)  # fmt: skip
