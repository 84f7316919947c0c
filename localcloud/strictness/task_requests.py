"""Tasks that Step Functions refuses.

What the definition says of an optimized integration is refused when the machine is created
(https://github.com/aws/aws-step-functions-data-science-sdk-python/issues/200), and so is a field
that the API of an SDK integration lacks (https://github.com/aws/aws-cdk/issues/29968). The rest is
refused before the call
(https://github.com/aws/aws-step-functions-data-science-sdk-python/issues/15).
"""

import json
from collections.abc import Iterator
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)

from localcloud.aws_rules.rule import Parameters, Rule
from localcloud.strictness.service_models.constraints import UNKNOWN
from localcloud.strictness.task_failures import task_failed
from localcloud.strictness.task_parameters import NOT_SUPPORTED, faults, unrecognized


def tasks(machine: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each task of a definition, inner ones included, with its place in it."""
    for name, state in machine.get("States", {}).items():
        here = f"{place}/States/{name}"
        if state.get("Type") == "Task":
            yield here, state
        for number, branch in enumerate(state.get("Branches", [])):
            yield from tasks(branch, f"{here}/Branches[{number}]")
        for inner in ("ItemProcessor", "Iterator"):
            yield from tasks(state.get(inner, {}), f"{here}/{inner}")


def known(value: Any) -> Any:
    """Return parameters as far as the definition has them: UNKNOWN for paths and expressions."""
    if isinstance(value, list):
        return [known(one) for one in value]
    if isinstance(value, dict):
        return {
            name.removesuffix(".$"): UNKNOWN if name.endswith(".$") else known(one)
            for name, one in value.items()
        }
    return UNKNOWN if isinstance(value, str) and value.startswith("{%") else value


def _tasks_of(parameters: Parameters) -> list[tuple[str, str, dict[str, Any]]]:
    """Return place, resource and state of each task; nothing for what is no definition at all,
    which Step Functions' parser refuses.
    """
    try:
        machine = json.loads(parameters.get("definition") or "{}")
        return [(place, task["Resource"], task) for place, task in tasks(machine)]
    except (AttributeError, KeyError, TypeError, ValueError):
        return []


def _definition(parameters: Parameters, _request: Any) -> Iterator[str]:
    for place, resource, task in _tasks_of(parameters):
        for field in {"Parameters", "Arguments"} & {*task}:
            for fault in faults(resource, known(task[field])):
                if ":aws-sdk:" not in resource or fault.endswith(NOT_SUPPORTED):
                    yield _invalid(f"{fault} at {place}/{field}")


def _resources(parameters: Parameters, _request: Any) -> Iterator[str]:
    for place, resource, _ in _tasks_of(parameters):
        if isinstance(resource, str) and unrecognized(resource):
            yield _invalid(
                f"The resource provided {resource} is not recognized. The value is not a valid "
                "resource ARN, or the resource is not available in this region. "
                f"at {place}/Resource"
            )


def _invalid(what: str) -> str:
    return f"Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {what}'"


_MACHINES = ("stepfunctions:CreateStateMachine", "stepfunctions:UpdateStateMachine")

RULES: tuple[Rule, ...] = (
    Rule("resources of the tasks of a machine", _MACHINES, _resources,
         "https://github.com/sam-goodwin/functionless/issues/443", "InvalidDefinition"),
    Rule("parameters of the tasks of a machine", _MACHINES, _definition,
         "https://docs.aws.amazon.com/step-functions/latest/dg/connect-parameters.html",
         "InvalidDefinition"),
)  # fmt: skip


def refused_before_the_call(original: Any) -> Any:
    """Replace moto's StateTaskService, which calls with what it has."""

    def before(self: Any, env: Any, resource_runtime_part: Any, raw_parameters: Any, *args: Any,
               **kwargs: Any) -> None:  # fmt: skip
        if found := faults(self.resource.resource_arn, raw_parameters):
            raise FailureEventException(_runtime_error(self, env, raw_parameters, found))
        original(self, env, resource_runtime_part, raw_parameters, *args, **kwargs)

    return before


def _runtime_error(task: Any, env: Any, parameters: Any, found: list[str]) -> FailureEvent:
    name = StatesErrorName(StatesErrorNameType.StatesRuntime)
    written = json.dumps(parameters)
    cause = f"The Parameters '{written}' could not be used to start the Task: [{', '.join(found)}]"
    return task_failed(task, env, cause, name)
