"""StartSyncExecution of a function, of an EXPRESS machine with a plain name and input."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from moto.stepfunctions.exceptions import InvalidExecutionInput
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from localcloud.iam.authorization import Authorization, NotAuthorized
from localcloud.ports.quick_calls import Quick, Usual, answered, in_time
from localcloud.services.stepfunctions import express

ASKED = {"stateMachineArn", "name", "input"}
NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
INPUT_CHARACTERS = 60_000  # 256 KB in UTF-8, at most


def quick_executions(authorization: Authorization) -> Quick:
    """Return the call. It runs the machine as the usual way does, under the machine's role."""

    def start(client: Any, asked: Mapping[str, Any], usual: Usual) -> Any:
        machine = _machine(asked, authorization.account, client.meta.region_name)
        if machine is None or not _is_permitted(authorization, machine.arn):
            return usual()
        try:
            execution = express.sync_execution(machine, asked["name"], asked["input"])
        except InvalidExecutionInput:
            return usual()
        in_time(client, _running(execution, machine, authorization))
        found = execution.to_start_sync_execution_output()
        return answered({**found, "status": str(found["status"].value)})

    return start


def _machine(asked: Mapping[str, Any], account: str, region: str) -> Any:
    """Return the EXPRESS machine of a plain request, else None."""
    if asked.keys() != ASKED or not all(isinstance(one, str) for one in asked.values()):
        return None
    if not NAME.fullmatch(asked["name"]) or len(asked["input"]) > INPUT_CHARACTERS:
        return None
    machines = stepfunctions_parser_backends[account][region].state_machines
    found = next((one for one in machines if one.arn == asked["stateMachineArn"]), None)
    return found if found is not None and found.type == "EXPRESS" else None


def _is_permitted(authorization: Authorization, arn: str) -> bool:
    try:
        authorization.require("states:StartSyncExecution", arn)
    except NotAuthorized:
        return False
    return True


def _running(execution: Any, machine: Any, authorization: Authorization) -> Callable[[], None]:
    return lambda: express.run(execution, machine, authorization)
