"""A prediction whose state machine's own calls have a fault: Step Functions invokes the three
models and saveResult itself, so no client of a function sees these calls."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.cloudwatch.models import cloudwatch_backends
from moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils import (
    LambdaFunctionErrorException,
)

from chalicelib.scoring.time_budgets import ATTEMPT_SECONDS
from localcloud import seam
from localcloud.cloud import ACCOUNT
from localcloud.iam import authorization
from tests.aws_calls import Asked
from tests.drills.calls.call_faults import GARBAGE, Fault, Go, Place
from tests.drills.calls.decision_flows import Predict
from tests.workflow.conftest import Served
from tests.workflow.test_alarms import rings

TASK = "moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils"
DOOR = (TASK, "_invoke_lambda_function", "(parameters, region, state_credentials)")
ATTEMPTS = 5  # of a task whose function AWS can't run, by the machine's Retry
LATE_SECONDS = ATTEMPT_SECONDS + 2  # no task waits for so long


def failed(asked: Asked, go: Go) -> Any:
    """The function does not run, and Lambda answers with an error of its own."""
    raise lambda_error("ServiceException")


def throttled(asked: Asked, go: Go) -> Any:
    """The function does not run: there were too many."""
    raise lambda_error("TooManyRequestsException")


def late(asked: Asked, go: Go) -> Any:
    """The function runs, and its answer comes after the task's time."""
    answer = go()
    time.sleep(LATE_SECONDS)
    return answer


def garbage(asked: Asked, go: Go) -> Any:
    """The function runs, and Step Functions can't read the response."""
    go()
    raise lambda_error("SdkClientException")


def nonsense(asked: Asked, go: Go) -> Any:
    """The function runs, and its payload is JSON, but no answer of it."""
    return {**go(), "Payload": GARBAGE.decode()}


KINDS = {one.__name__: one for one in (failed, late, garbage, throttled, nonsense)}
LASTING = "failed each time"  # at all attempts of the machine


class LastingFault(Fault):
    """A fault of the call at a place and of those that repeat it."""

    def is_at(self, place: Place) -> bool:
        if self.place is None or place.call != self.place.call:
            return False
        return 0 <= place.number - self.place.number < ATTEMPTS


class MachinePredict(Predict):
    """POST /predict: no model is silent for one fault, and the operator hears of one that is."""

    name = "predict, calls of the state machine"
    functions = ("analisisCredito",)
    kinds = (*KINDS, LASTING)

    def __init__(self, served: Served, case: Any) -> None:
        super().__init__(served, case)
        self.machine = served.bank.settings.analysis_machine_arn(ACCOUNT)
        self.lasting = False

    @contextmanager
    def door(self, kind: str, place: Place | None) -> Iterator[Fault]:
        """Inside, the machine's call at the place has the fault."""
        self.lasting = kind == LASTING
        fault = LastingFault(failed, place) if self.lasting else Fault(KINDS[kind], place)
        with seam.install([seam.Replaced(*DOOR, _answered_by(fault), "the machine's own calls")]):
            yield fault

    def before(self) -> None:
        """Forget the metrics of earlier runs: the alarm then tells of this one."""
        self.served.bank.function_logs.flush_metrics()
        cloudwatch_backends[ACCOUNT]["us-east-1"].metric_data.clear()

    def broken(self) -> Iterator[str]:
        yield from super().broken()
        models = self.answer["models"].items() if self.answer else ()
        silent = [name for name, one in models if one["status"] != "OK"]
        if silent and not self.lasting:
            yield f"{', '.join(silent)} is silent for one fault"
        self.served.bank.function_logs.flush_metrics()
        if silent and not rings(boto3.client("cloudwatch"), "models-unavailable"):
            yield "the operator was not told of a silent model"


def lambda_error(kind: str) -> LambdaFunctionErrorException:
    """Return an error by the name that Step Functions gives it."""
    error = {"errorType": f"Lambda.{kind}", "errorMessage": "a drill's fault"}
    return LambdaFunctionErrorException("Unhandled", json.dumps(error))


def _answered_by(fault: Fault) -> Callable[[Any], Any]:
    """Replace moto's invocation of a task's function: the fault stands before it."""

    def replace(original: Any) -> Any:
        def invoke(parameters: dict[str, Any], region: str, state_credentials: Any) -> Any:
            def go() -> Any:
                return original(parameters, region, state_credentials)

            acting = authorization._acting.get()
            assert acting, "a task acts in its machine's role"
            name = parameters["FunctionName"].rpartition("-")[2]
            return fault(Asked(acting.role, "lambda", f"Invoke {name}", parameters, None), go)

        return invoke

    return replace
