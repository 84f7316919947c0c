"""Executions of EXPRESS machines: one call waits for a synchronous one, none for an asynchronous.

Step Functions runs an asynchronous one at least once, and does not compare names:
https://docs.aws.amazon.com/step-functions/latest/dg/express-at-least-once-execution.html
"""

import json
import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import InvalidExecutionInput
from moto.stepfunctions.parser.backend.execution import SyncExecution
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.stepfunctions.parser.utils import TMP_THREADS

from localcloud.activity import Activity
from localcloud.iam.authorization import Authorization
from localcloud.services.lambda_.pending_events import PendingEvents
from localcloud.services.stepfunctions import role_use
from localcloud.services.stepfunctions.histories import without_history

log = logging.getLogger("localcloud")

AT_ONCE = 8  # asynchronous executions: more at once in one process only last longer each


class StateMachineTypeNotSupported(AWSError):
    TYPE = "StateMachineTypeNotSupported"
    STATUS = 400


def start_sync_execution(authorization: Authorization) -> Callable[[None], Any]:
    """Replace moto's StepFunctionResponse, which has no such action."""

    def replace(_absent: None) -> Any:
        def start(self: Any) -> ActionResult:
            machine = self.stepfunction_backend.describe_state_machine(
                self._get_param("stateMachineArn")
            )
            if machine.type != "EXPRESS":
                raise StateMachineTypeNotSupported(
                    "This operation is not supported by this type of state machine: "
                    f"'{machine.arn}'"
                )
            name, given = self._get_param("name"), self._get_param("input", "{}")
            execution = sync_execution(machine, name, given)
            run(execution, machine, authorization)
            return ActionResult(execution.to_start_sync_execution_output())

        return start

    return replace


class ExpressStarts:
    """Asynchronous executions. A start is on disk before its answer until the execution ends, so
    that a restart runs it again.
    """

    def __init__(
        self, activity: Activity, authorization: Authorization, pending: PendingEvents
    ) -> None:
        self._activity = activity
        self._authorization = authorization
        self._pending = pending
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="express")
        self._running: set[SyncExecution] = set()
        self._changing = threading.Lock()
        self._is_closed = False

    def start(self, machine: Any, name: str | None, input_text: str) -> SyncExecution:
        """Start an execution once it is on disk. Raises NotStored."""
        execution = sync_execution(machine, name, input_text)
        start = json.dumps({"name": execution.name, "input": input_text}).encode()
        begin = lambda number: self._submit(execution, machine, number)  # noqa: E731
        self._pending.accept(machine.arn, start, begin)
        return execution

    def deliver_again(self, number: int, arn: str, start: bytes) -> None:
        """Run an execution that the last process started and did not end."""
        _, _, _, region, account, *_ = arn.split(":")
        machines = stepfunctions_parser_backends[account][region].state_machines
        if machine := next((one for one in machines if one.arn == arn), None):
            said = json.loads(start)
            log.info("%s runs %s again: the process ended before it did", arn, said["name"])
            again = sync_execution(machine, said["name"], said["input"])
            self._submit(again, machine, number)
        else:
            log.warning("state machine %s does not exist any more; its start stays on disk", arn)

    def close(self) -> None:
        """Stop what runs; the next process runs it again."""
        with self._changing:
            self._is_closed = True
            running = [*self._running]
        for execution in running:
            execution.stop(datetime.now(UTC), "Closed", "the embedded cloud is closed")
        self._pool.shutdown(cancel_futures=True)

    def _submit(self, execution: SyncExecution, machine: Any, number: int) -> None:
        self._activity.begin(execution.exec_arn)
        try:
            self._pool.submit(self._to_the_end, execution, machine, number)
        except RuntimeError:  # the cloud is closing: the start is on disk
            self._activity.end(execution.exec_arn)

    def _to_the_end(self, execution: SyncExecution, machine: Any, number: int) -> None:
        try:
            with self._changing:
                if self._is_closed:
                    return
                self._running.add(execution)
            run(execution, machine, self._authorization)
            with self._changing:
                self._running.discard(execution)
                if self._is_closed:
                    return
            self._pending.handled(number)
            if execution.error:
                log.warning("%s failed: %s", execution.exec_arn, execution.error)
        finally:
            self._activity.end(execution.exec_arn)


def named_or_express(starts: ExpressStarts) -> Callable[[Any], Any]:
    """Replace moto's start_execution, which calls an execution without a name None, and remembers
    EXPRESS ones by their names.
    """

    def replace(original: Any) -> Any:
        def start(
            self: Any,
            state_machine_arn: str,
            name: str | None = None,
            execution_input: str | None = None,
            trace_header: str | None = None,
        ) -> Any:
            machine = self.describe_state_machine(state_machine_arn)
            if machine.type == "EXPRESS":
                return starts.start(machine, name, execution_input or "{}")
            named = name or str(uuid.uuid4())
            return original(self, state_machine_arn, named, execution_input, trace_header)

        return start

    return replace


def run(execution: SyncExecution, machine: Any, authorization: Authorization) -> None:
    """Run an execution to its end under the machine's role.

    What ran it and the execution hold one another, and go at once if one lets go: collections
    of garbage would stop all threads for them.
    """
    with authorization.acting_as(machine.roleArn, "states", machine.name), without_history():
        role_use.note_machine(authorization)
        execution.start()
    execution.exec_worker = None
    TMP_THREADS.clear()  # moto keeps every thread it ever started, and every input


def sync_execution(machine: Any, name: str | None, input_text: str) -> SyncExecution:
    """Return an execution that has not begun. Raises InvalidExecutionInput."""
    try:
        json.loads(input_text)
    except ValueError as error:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error
    name = name or str(uuid.uuid4())
    express = machine.arn.replace(":stateMachine:", ":express:")
    return SyncExecution(
        name=name,
        sm_type=machine.type,
        role_arn=machine.roleArn,
        exec_arn=f"{express}:{name}:{uuid.uuid4()}",
        account_id=machine.arn.split(":")[4],
        region_name=machine.arn.split(":")[3],
        state_machine=machine,
        start_date=datetime.now(UTC),
        cloud_watch_logging_session=None,
        activity_store={},
        input_data=input_text,
    )
