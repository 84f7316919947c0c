"""Every request of both state machines, held against the service models of AWS."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from moto.core.utils import get_service_model

from chalicelib.foundation.settings import STAGES, Settings
from chalicelib.retraining.snapshot_opening import HELD
from localcloud.strictness.service_models.constraints import UNKNOWN, violations
from localcloud.strictness.task_parameters import faults
from stepfunctions.machine_deployment import MACHINES, SCRIPT_ENTRYPOINT, render

ACCOUNT = "123456789012"
LATER = UNKNOWN  # a value that only an execution knows
INTEGRATION = re.compile(r"arn:aws:states:::(?:aws-sdk:)?(\w+):(\w+)(?:\.sync(?::2)?)?")
LITERAL = re.compile(r"'((?:[^'\\]|\\.)*)'")


def definition(name: str, stage: str) -> dict[str, Any]:
    settings = Settings("appvengers", stage, "us-east-1")
    machine = next(one for one in MACHINES if one.name == name)
    place = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
    arns = {f"{one}Arn": place + settings.function(one) for one in machine.functions}
    written: dict[str, Any] = json.loads(render(name, arns | machine.values(settings, ACCOUNT)))
    return written


def tasks(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        if state["Type"] == "Task":
            yield name, state
        for inner in [*state.get("Branches", []), state.get("ItemProcessor")]:
            if inner:
                yield from tasks(inner)


def known(value: Any) -> Any:
    """The parameters as far as the definition has them."""
    if isinstance(value, list):
        return [known(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name.removesuffix(".$"): computed(one) if name.endswith(".$") else known(one)
        for name, one in value.items()
    }


def computed(expression: str) -> Any:
    if expression.startswith("States.Array("):
        words = LITERAL.findall(expression)
        return [*words, *[LATER] * (expression.count("$.") > 0)]
    return LATER


def requests(stage: str) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for machine in MACHINES:
        for name, task in tasks(definition(machine.name, stage)):
            if found := INTEGRATION.fullmatch(task["Resource"]):
                service, action = found[1], found[2][:1].upper() + found[2][1:]
                yield name, service, action, known(task["Parameters"])


@pytest.mark.parametrize("stage", STAGES)
def test_every_request_of_both_machines_is_one_that_aws_takes(stage: str) -> None:
    walked = list(requests(stage))
    broken = [
        f"{name}: {fault}"
        for name, service, action, parameters in walked
        for fault in violations(
            get_service_model(service).operation_model(action).input_shape, parameters
        )
    ]

    assert {action for _, _, action, _ in walked} == {
        "CreateProcessingJob",
        "CreateTrainingJob",
        "Publish",
    }
    assert not broken, "\n".join(broken)  # AWS's own words, which pytest would cut off
    assert [
        fault
        for machine in MACHINES
        for _, task in tasks(definition(machine.name, stage))
        for fault in faults(task["Resource"], known(task.get("Parameters")))
    ] == []


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", [machine.name for machine in MACHINES])
def test_a_definition_has_a_megabyte_and_a_role_and_names_that_aws_takes(
    name: str, stage: str
) -> None:
    shape = get_service_model("stepfunctions").operation_model("CreateStateMachine").input_shape
    settings = Settings("appvengers", stage, "us-east-1")
    asked = {
        "name": f"{settings.prefix}-{name}",
        "definition": json.dumps(definition(name, stage)),
        "roleArn": settings.role_arn(name, ACCOUNT),
    }

    assert violations(shape, asked) == []


def test_a_word_too_long_would_be_told() -> None:
    shape = get_service_model("sagemaker").operation_model("CreateProcessingJob").input_shape
    asked = next(one for _, _, action, one in requests("dev") if action == "CreateProcessingJob")
    asked["AppSpecification"]["ContainerEntrypoint"] = [*SCRIPT_ENTRYPOINT[:2], "x" * 288]

    (message,) = violations(shape, asked)
    assert "containerEntrypoint.3.member" in message
    assert message.endswith("Member must have length less than or equal to 256")


def test_every_count_of_the_notice_of_outcomes_is_enough_to_send_it() -> None:
    state = definition("reentrenamiento", "dev")["States"]["IsAnythingHeld"]
    asked = {choice["Variable"].removeprefix("$.opened."): choice for choice in state["Choices"]}

    assert {*asked} == {*HELD}
    for choice in asked.values():
        assert (choice["NumericGreaterThan"], choice["Next"]) == (0, "HeldRowsNotice")
