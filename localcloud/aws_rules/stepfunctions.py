"""Step Functions' rules: names, input, and what a definition may say."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.aws_rules.rule import DOCS, Parameters, Rule, longer_than

_EXECUTIONS = ("stepfunctions:StartExecution", "stepfunctions:StartSyncExecution")
_MACHINES = ("stepfunctions:CreateStateMachine", "stepfunctions:UpdateStateMachine")
_GUIDE = f"{DOCS}/step-functions/latest/dg"
_REFERENCE = f"{DOCS}/step-functions/latest/apireference"
_QUOTAS = f"{_GUIDE}/service-quotas.html"
_REFUSED = "InvalidDefinition"

STATE_BYTES = 262_144
STATE_NAME_LENGTH = 80
_WAITS = re.compile(r"\.(sync(:2)?|waitForTaskToken)$")
_ACTIVITY = re.compile(r"^arn:[^:]+:states:[^:]*:[^:]*:activity:")
_IN_NO_NAME = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")


def _names(parameters: Parameters, _request: Any) -> Iterator[str]:
    name = parameters.get("name")
    if isinstance(name, str) and _IN_NO_NAME.search(name):
        yield f"Invalid Name: '{name}'"


def _input(parameters: Parameters, _request: Any) -> Iterator[str]:
    text = parameters.get("input") or ""
    if len(text.encode()) > STATE_BYTES:
        yield longer_than(f"{text[:40]}...", "input", STATE_BYTES)


Definition = Mapping[str, Any]


def _definition(parameters: Parameters) -> Definition:
    """Return the definition; empty for what is left out, or is no JSON, which moto refuses."""
    try:
        read = json.loads(parameters.get("definition") or "{}")
    except ValueError:
        return {}
    return read if isinstance(read, Mapping) else {}


def _machines(machine: Definition, path: str = "") -> Iterator[tuple[Definition, str]]:
    """Yield the machine and those in its Parallel and Map states, each with its JSON path."""
    yield machine, path
    for name, state in (machine.get("States") or {}).items():
        place = f"{path}/States/{name}"
        for number, branch in enumerate(state.get("Branches") or []):
            yield from _machines(branch, f"{place}/Branches[{number}]")
        for part in ("ItemProcessor", "Iterator"):
            if part in state:
                yield from _machines(state[part], f"{place}/{part}")


def _states(parameters: Parameters) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    for machine, path in _machines(_definition(parameters)):
        for name, state in (machine.get("States") or {}).items():
            yield name, state, f"{path}/States/{name}"


def _is_express(parameters: Parameters, request: Any) -> bool:
    if arn := parameters.get("stateMachineArn"):
        machines = request.stepfunction_backend.state_machines
        return any(one.arn == arn and one.type == "EXPRESS" for one in machines)
    return parameters.get("type") == "EXPRESS"


def _patterns(parameters: Parameters, request: Any) -> Iterator[str]:
    """Refuse an Express machine that waits for a job, a callback or an activity."""
    if not _is_express(parameters, request):
        return
    for _, state, place in _states(parameters):
        resource = str(state.get("Resource") or "")
        if _WAITS.search(resource) or _ACTIVITY.search(resource):
            yield _invalid(f"Express state machine does not support '{resource}'", place)


def _distributed(parameters: Parameters, request: Any) -> Iterator[str]:
    if not _is_express(parameters, request):
        return
    for _, state, place in _states(parameters):
        processor = (state.get("ItemProcessor") or {}).get("ProcessorConfig") or {}
        if processor.get("Mode") == "DISTRIBUTED":
            yield _invalid("Express state machine does not support a distributed Map", place)


def _targets(parameters: Parameters, _request: Any) -> Iterator[str]:
    """Refuse a state that is named and missing, and one that is never reached."""
    for machine, path in _machines(_definition(parameters)):
        states = machine.get("States") or {}
        named = {
            machine.get("StartAt"),
            *(one for state in states.values() for one in _next(state)),
        }
        for name in sorted(str(one) for one in named - {*states} if one is not None):
            yield _missing(f"Missing 'Next' target: {name}", path)
        for name in sorted({*states} - named):
            yield _missing(f'State "{name}" is not reachable.', path)


def _next(state: Mapping[str, Any]) -> Iterator[str]:
    for part in (state, *(state.get("Choices") or []), *(state.get("Catch") or [])):
        yield from (part[key] for key in ("Next", "Default") if key in part)


def _state_names(parameters: Parameters, _request: Any) -> Iterator[str]:
    for name, _, place in _states(parameters):
        if len(name) > STATE_NAME_LENGTH:
            yield _invalid(f"State name exceeds {STATE_NAME_LENGTH} characters", place)


def _invalid(what: str, place: str) -> str:
    return f"Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {what} at {place}'"


def _missing(what: str, path: str) -> str:
    place = f"{path or ''}/States"
    return f"Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: {what} at {place}'"


RULES: tuple[Rule, ...] = (
    Rule("characters of execution and machine names",
         (*_EXECUTIONS, "stepfunctions:CreateStateMachine"), _names,
         f"{_REFERENCE}/API_StartExecution.html", "InvalidName"),
    Rule("input of an execution", _EXECUTIONS, _input, _QUOTAS),
    Rule("no waiting in an Express machine", _MACHINES, _patterns,
         f"{_GUIDE}/integrate-optimized.html", _REFUSED),
    Rule("no distributed Map in an Express machine", _MACHINES, _distributed,
         f"{_GUIDE}/choosing-workflow-type.html", _REFUSED),
    Rule("states that are named and those that are there", _MACHINES, _targets,
         f"{_REFERENCE}/API_ValidateStateMachineDefinitionDiagnostic.html", _REFUSED),
    Rule("name of a state", _MACHINES, _state_names,
         f"{_GUIDE}/statemachine-structure.html", _REFUSED),
)  # fmt: skip
