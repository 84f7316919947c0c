import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.api import (
    ExecutionStatus,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils import (
    LambdaFunctionErrorException,
)
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.stepfunctions.parser.utils import TMP_THREADS

from localcloud.activity import Activity
from localcloud.iam.authorization import Authorization, NotAuthorized
from localcloud.kept_state.sqlite.disk import NotStored
from localcloud.ports.reused_threads import OutOfTime, ReusedThread, Signal, within
from localcloud.services.lambda_.concurrency import Throttled
from localcloud.services.lambda_.functions import Functions
from localcloud.services.stepfunctions import role_use, task_errors

if TYPE_CHECKING:
    from localcloud.kept_state.durability import Kept


def started_and_counted(
    activity: Activity, authorization: Authorization, kept: "Kept"
) -> Callable[[Any], Any]:
    """Replace moto's ExecutionWorker.start. Raises NotStored.

    Asynchronous executions can be waited for, and are kept.
    """

    def replace(original: Any) -> Any:
        def start(self: Any) -> None:
            execution = self._evaluation_details.aws_execution_details
            arn = self._evaluation_details.execution_details.arn
            name = self._evaluation_details.state_machine_details.name
            with authorization.acting_as(execution.role_arn, "states", name):
                role_use.note_machine(authorization)
                _keep_the_start(self, kept)
                activity.begin(arn)
                parts = (self, activity, arn, kept)
                threading.Thread(target=_execute, args=parts, daemon=True).start()

        return start

    return replace


def _keep_the_start(worker: Any, kept: "Kept") -> None:
    """Store the start of an execution. If that fails there is no execution, and its name stays
    free.
    """
    try:
        kept.keep_executions()
    except NotStored:
        execution = worker._exec_comm.execution
        backend = stepfunctions_parser_backends[execution.account_id][execution.region_name]
        for machine in backend.state_machines:
            if execution in machine.executions:
                machine.executions.remove(execution)
        raise


def _execute(worker: Any, activity: Activity, arn: str, kept: "Kept") -> None:
    try:
        worker._execution_logic()
    finally:
        TMP_THREADS.clear()
        kept.eventually(kept.keep_executions)
        activity.end(arn)


def in_one_thread(_original: Any) -> Any:
    """Replace moto's Program.eval: another thread is needed only to give up waiting for it."""

    def evaluate(self: Any, env: Any) -> None:
        env.next_state_name = self.start_at.start_at_name
        if self.timeout_seconds is None:
            EvalComponent.eval(self, env)
            return
        try:
            within(self.timeout_seconds.timeout_seconds, lambda: EvalComponent.eval(self, env))
        except OutOfTime:
            env.set_timed_out()

    return evaluate


def error_of_any_name(_original: Any) -> Any:
    """Replace moto's CustomErrorName, which refuses AWS's own names."""

    def init(self: Any, error_name: str | None) -> None:
        ErrorName.__init__(self, error_name=error_name)

    return init


def branch_in_a_reused_thread(original: Any) -> Any:
    """Replace moto's BranchWorker.start, which names a thread by its program."""

    def start(self: Any) -> None:
        self._worker_thread = ReusedThread(self._thread_routine)
        self._worker_thread.start()

    return start


def threading_with_signals(original: Any) -> Any:
    """Replace the module threading where moto takes its locks, and events that are set once."""
    return SimpleNamespace(Lock=original.Lock, Event=Signal)


def stop_all(account: str, region: str) -> None:
    backend = stepfunctions_parser_backends[account][region]
    for execution in backend._get_executions(ExecutionStatus.RUNNING):
        execution.stop(datetime.now(UTC), "Closed", "the embedded cloud is closed")


def boto3_with_one_client_a_service(original: Any) -> Any:
    """Replace the boto3 that moto's tasks import: they would make a new client for every task."""
    clients: dict[tuple[str, str], Any] = {}
    making = threading.Lock()

    def client(service_name: str, region_name: str, **more: Any) -> Any:
        with making:
            key = (service_name, region_name)
            if key not in clients:
                made = original.client(service_name, region_name=region_name, **more)
                clients[key] = task_errors.with_request_ids(made)
            return clients[key]

    return SimpleNamespace(client=client)


def through_the_function_seam(
    functions: Functions, authorization: Authorization
) -> Callable[[Any], Any]:
    """Replace moto's _invoke_lambda_function: a Lambda task needs no round trip through boto3."""

    def replace(original: Any) -> Any:
        def invoke(parameters: dict[str, Any], region: str, state_credentials: Any) -> Any:
            function = functions.find(parameters["FunctionName"])
            if function is None or parameters.get("InvocationType", "RequestResponse") != (
                "RequestResponse"
            ):
                return original(parameters, region, state_credentials)
            try:
                authorization.require("lambda:InvokeFunction", function.arn)
            except NotAuthorized as error:
                raise _lambda_error("AWSLambdaException", str(error)) from error
            try:
                answer = functions.invoke(function, parameters.get("Payload") or b"{}")
            except Throttled as throttled:
                raise _lambda_error("TooManyRequestsException", str(throttled)) from throttled
            response = {
                "StatusCode": 200,
                "ExecutedVersion": "$LATEST",
                "Payload": json.loads(answer.payload),
            }
            return {**response, "FunctionError": "Unhandled"} if answer.failed else response

        return invoke

    return replace


def _lambda_error(kind: str, message: str) -> LambdaFunctionErrorException:
    """Return what Lambda itself answered, by the name that Step Functions gives it."""
    error = {"errorType": f"Lambda.{kind}", "errorMessage": message}
    return LambdaFunctionErrorException("Unhandled", json.dumps(error))
