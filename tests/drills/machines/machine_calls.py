"""The calls that a state machine itself makes, each answered by a fault once: it invokes functions,
and it makes jobs, publishes notices and reads files as a client of AWS does."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils import (
    LambdaFunctionErrorException,
)

from localcloud import seam
from localcloud.iam import authorization
from tests.aws_calls import Asked, answered_by
from tests.drills.calls import call_faults
from tests.drills.calls.call_faults import Fault, Place
from tests.drills.jobs import faulty_answers
from tests.drills.jobs.faulty_answers import GARBAGE, Go

TASK = "moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils"
DOOR = (TASK, "_invoke_lambda_function", "(parameters, region, state_credentials)")
INVOKE = "Invoke "  # before the function's name
# Step Functions waits for its jobs in a way of its own: no fault of a machine's role is in it.
ITS_OWN = ("Describe", "Invoke")

# It gets the seconds after which a task's answer is too late, by the task's function.
Late = Mapping[str, float]


def failed(asked: Asked, go: Go) -> Any:
    """The function does not run, and Lambda answers with an error of its own."""
    raise lambda_error("ServiceException")


def throttled(asked: Asked, go: Go) -> Any:
    """The function does not run: there were too many."""
    raise lambda_error("TooManyRequestsException")


def garbage(asked: Asked, go: Go) -> Any:
    """The function runs, and Step Functions can't read the response."""
    go()
    raise lambda_error("SdkClientException")


def nonsense(asked: Asked, go: Go) -> Any:
    """The function runs, and its payload is JSON, but no answer of it."""
    return {**go(), "Payload": GARBAGE.decode()}


def late_by(seconds: Late) -> Callable[[Asked, Go], Any]:
    def late(asked: Asked, go: Go) -> Any:
        """The function runs, and its answer comes after the task's time."""
        answer = go()
        time.sleep(seconds[function_of(asked)])
        return answer

    return late


KINDS = ("failed", "late", "garbage", "throttled", "nonsense")


def can_have(kind: str, place: Place) -> bool:
    """Return whether the call at a place can have a kind of fault: functions answer nonsense."""
    return kind in faulty_answers.KINDS or INVOKE in place.call


def fault_of_task(kind: str, seconds: Late) -> Callable[[Asked, Go], Any]:
    """Return a kind of fault, of an invoked function and of any other call."""
    invoked = {one.__name__: one for one in (failed, garbage, throttled, nonsense)}
    invoked["late"] = late_by(seconds)

    def fault(asked: Asked, go: Go) -> Any:
        kinds = invoked if function_of(asked) else faulty_answers.KINDS
        return kinds[kind](asked, go)

    return fault


def function_of(asked: Asked) -> str:
    """Return the function that a machine invokes; of any other call nothing."""
    return asked.operation.removeprefix(INVOKE) if asked.operation.startswith(INVOKE) else ""


def late_seconds(definition: str, longer: float = 2) -> Late:
    """Return for each function of a machine how long its task does not wait."""
    found = dict[str, float]()
    left = [json.loads(definition)]
    while left:
        machine = left.pop()
        for name, state in machine["States"].items():
            found[name] = state.get("TimeoutSeconds", 0) + longer
            if "ItemProcessor" in state:
                left.append(state["ItemProcessor"])
    return found


@contextmanager
def machine_calls(fault: Fault, machine: str) -> Iterator[Fault]:
    """Inside, a machine's calls have the fault at its place. Those of functions pass."""

    def answer(asked: Asked, go: Go) -> Any:
        is_its = call_faults.call_of(asked).partition(" ")[0] == machine
        return fault(asked, go) if is_its and not asked.operation.startswith(ITS_OWN) else go()

    door = seam.Replaced(*DOOR, _answered_by(fault), "the machine's own calls of functions")
    with seam.install([door]), answered_by(answer):
        yield fault


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
            return fault(Asked(acting.role, "lambda", INVOKE + name, parameters, None), go)

        return invoke

    return replace
