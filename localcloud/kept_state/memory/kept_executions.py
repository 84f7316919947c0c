"""Executions of STANDARD machines as data: AWS remembers each for 90 days, with its history."""

import copy
import json
import logging
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from moto.stepfunctions.parser.api import ExecutionStatus, StateMachineType
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

log = logging.getLogger("localcloud")

STOPPED = (
    "the embedded cloud stopped while this execution was running; what it had finished stays, "
    "and the next one starts anew"
)
_FIELDS = ("name", "role_arn", "exec_arn", "start_date", "stop_date", "output", "error", "cause")


def recorded(account: str, region: str) -> list[dict[str, Any]]:
    machines = stepfunctions_parser_backends[account][region].state_machines
    return [
        _record(machine, execution)
        for machine in machines
        if machine.sm_type == StateMachineType.STANDARD
        for execution in list(machine.executions)
    ]


def restore(records: list[dict[str, Any]], account: str, region: str) -> None:
    """Restore executions into today's state machines; those that were running have failed."""
    machines = {m.arn: m for m in stepfunctions_parser_backends[account][region].state_machines}
    for record in records:
        if machine := machines.get(record["machine"]):
            execution: Any = _execution(record, machine, account, region)
            machine.executions.append(execution)
        else:
            log.warning("%s: its state machine does not exist any more", record["exec_arn"])


def _record(machine: Any, execution: Any) -> dict[str, Any]:
    worker = execution.exec_worker
    history = worker.env.event_manager.get_event_history() if worker and worker.env else []
    return {
        "machine": machine.arn,
        "status": str(execution.exec_status.value),
        "input": json.dumps(execution.input_data),
        "history": copy.deepcopy(history),
        **{name: getattr(execution, name) for name in _FIELDS},
    }


def _execution(record: dict[str, Any], machine: Any, account: str, region: str) -> Execution:
    execution = Execution(
        name=record["name"],
        sm_type=machine.sm_type,
        role_arn=record["role_arn"],
        exec_arn=record["exec_arn"],
        account_id=account,
        region_name=region,
        state_machine=machine,
        start_date=record["start_date"],
        cloud_watch_logging_session=None,
        activity_store={},
        input_data=record["input"],
    )
    history = record["history"]
    if record["status"] == ExecutionStatus.RUNNING.value:
        log.warning("%s: %s", record["name"], STOPPED)
        now = datetime.now(UTC)
        ended = {"status": "FAILED", "error": "LocalCloud.Stopped", "cause": STOPPED}
        record = {**record, **ended, "stop_date": now}
        history = [*history, _failed(now, len(history))]
    for name in _FIELDS:
        setattr(execution, name, record[name])
    execution.exec_status = ExecutionStatus(record["status"])
    manager = SimpleNamespace(get_event_history=lambda: history)
    execution.exec_worker = SimpleNamespace(env=SimpleNamespace(event_manager=manager))  # type: ignore[assignment]
    return execution


def _failed(at: datetime, earlier: int) -> dict[str, Any]:
    return {
        "timestamp": at,
        "type": "ExecutionFailed",
        "id": earlier + 1,
        "previousEventId": earlier,
        "executionFailedEventDetails": {"error": "LocalCloud.Stopped", "cause": STOPPED},
    }
