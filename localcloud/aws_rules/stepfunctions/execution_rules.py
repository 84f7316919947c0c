"""Step Functions' rules for the names and the input of executions."""

import re
from collections.abc import Iterator
from typing import Any

from localcloud.aws_rules.rule import DOCS, Parameters, Rule, longer_than

_EXECUTIONS = ("stepfunctions:StartExecution", "stepfunctions:StartSyncExecution")
_OF_AN_EXECUTION = tuple(
    f"stepfunctions:{action}Execution{what}"
    for action, what in (("Describe", ""), ("Get", "History"), ("Stop", ""))
)
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


def _express_executions(parameters: Parameters, _request: Any) -> Iterator[str]:
    """Refuse what Step Functions does not keep: asynchronous Express executions have logs only."""
    if ":express:" in str(parameters.get("executionArn") or ""):
        yield "Invalid Arn: 'Resource type not valid in this context: express'"


def _express_lists(parameters: Parameters, request: Any) -> Iterator[str]:
    arn = parameters.get("stateMachineArn")
    machines = request.stepfunction_backend.state_machines
    if any(one.arn == arn and one.type == "EXPRESS" for one in machines):
        yield "This operation is not supported by this type of state machine"


RULES: tuple[Rule, ...] = (
    Rule("characters of execution and machine names",
         (*_EXECUTIONS, "stepfunctions:CreateStateMachine"), _names,
         f"{_REFERENCE}/API_StartExecution.html", "InvalidName"),
    Rule("input of an execution", _EXECUTIONS, _input, _QUOTAS),
    Rule("no description of an Express execution", _OF_AN_EXECUTION, _express_executions,
         f"{_REFERENCE}/API_DescribeExecution.html", "InvalidArn"),
    Rule("no list of Express executions", ("stepfunctions:ListExecutions",), _express_lists,
         f"{_REFERENCE}/API_ListExecutions.html", "StateMachineTypeNotSupported"),
)  # fmt: skip
