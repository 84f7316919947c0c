"""Step Functions' rules for a definition, which it holds before it creates a state machine."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.aws_rules.rule import DOCS, Parameters, Rule

_MACHINES = ("stepfunctions:CreateStateMachine", "stepfunctions:UpdateStateMachine")
_GUIDE = f"{DOCS}/step-functions/latest/dg"
_DIAGNOSTICS = (
    f"{DOCS}/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html"
)
_REFUSED = "InvalidDefinition"

STATE_NAME_LENGTH = 80
LONGEST_SECONDS = 99_999_999
_ENDS = ("Succeed", "Fail")
_EVERY_ERROR = "States.ALL"
_WAITS = re.compile(r"\.(sync(:2)?|waitForTaskToken)$")
_ACTIVITY = re.compile(r"^arn:[^:]+:states:[^:]*:[^:]*:activity:")

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


def _ends(parameters: Parameters, _request: Any) -> Iterator[str]:
    """Refuse a state that neither leads on nor ends, or does both; a machine that never ends."""
    for name, state, place in _states(parameters):
        leads_on, ends = "Next" in state, state.get("End") is True
        if state.get("Type") not in (*_ENDS, "Choice") and leads_on == ends:
            yield _invalid(f"State '{name}' must have one of the fields [Next, End]", place)
    for machine, _ in _machines(_definition(parameters)):
        states = (machine.get("States") or {}).values()
        if states and not any(one.get("Type") in _ENDS or one.get("End") is True for one in states):
            yield (
                "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal "
                "state at null'"
            )


def _every_error(parameters: Parameters, _request: Any) -> Iterator[str]:
    for _, state, place in _states(parameters):
        for field in ("Retry", "Catch"):
            rules = state.get(field) or []
            for number, rule in enumerate(rules):
                errors = rule.get("ErrorEquals") or []
                last = number == len(rules) - 1
                if _EVERY_ERROR in errors and not (last and len(errors) == 1):
                    where = f"{place}/{field}[{number}]/ErrorEquals[{errors.index(_EVERY_ERROR)}]"
                    yield _invalid(f"{_EVERY_ERROR} must appear alone and at end of list", where)


def _seconds(parameters: Parameters, _request: Any) -> Iterator[str]:
    machine = _definition(parameters)
    timed = [(machine, ""), *((state, place) for _, state, place in _states(parameters))]
    for part, place in timed:
        for field in {"TimeoutSeconds", "HeartbeatSeconds"} & {*part}:
            value = part[field]
            if isinstance(value, int) and not 1 <= value <= LONGEST_SECONDS:
                yield _invalid(
                    f"The field '{field}' must be a positive integer of at most {LONGEST_SECONDS}",
                    f"{place}/{field}",
                )


def _invalid(what: str, place: str) -> str:
    return f"Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {what} at {place}'"


def _missing(what: str, path: str) -> str:
    place = f"{path or ''}/States"
    return f"Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: {what} at {place}'"


RULES: tuple[Rule, ...] = (
    Rule("no waiting in an Express machine", _MACHINES, _patterns,
         f"{_GUIDE}/integrate-optimized.html", _REFUSED),
    Rule("no distributed Map in an Express machine", _MACHINES, _distributed,
         f"{_GUIDE}/choosing-workflow-type.html", _REFUSED),
    Rule("states that are named and those that are there", _MACHINES, _targets,
         _DIAGNOSTICS, _REFUSED),
    Rule("end of a state, and of a machine", _MACHINES, _ends,
         "https://github.com/floci-io/floci/issues/2735", _REFUSED),
    Rule("States.ALL is alone and last", _MACHINES, _every_error,
         "https://github.com/aws/aws-cdk/issues/10530", _REFUSED),
    Rule("seconds of a time-out", _MACHINES, _seconds,
         f"{_GUIDE}/state-task.html", _REFUSED),
    Rule("name of a state", _MACHINES, _state_names,
         f"{_GUIDE}/statemachine-structure.html", _REFUSED),
)  # fmt: skip
