"""A prediction whose state machine's own calls have a fault: Step Functions invokes the three
models and saveResult itself, so no client of a function sees these calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.cloudwatch.models import cloudwatch_backends

from chalicelib.scoring.time_budgets import ATTEMPT_SECONDS
from localcloud.cloud import ACCOUNT
from tests.drills.calls.call_faults import Fault, Place
from tests.drills.calls.decision_flows import Predict
from tests.drills.machines import machine_calls
from tests.drills.machines.machine_calls import fault_of_task
from tests.workflow.conftest import Served
from tests.workflow.test_alarms import rings

ATTEMPTS = 5  # of a task whose function AWS can't run, by the machine's Retry
TASKS = ("Tradicional", "NetworkingAccelerator", "AppVengersAccelerator", "saveResult")
LATE = dict.fromkeys(TASKS, ATTEMPT_SECONDS + 2)  # no task waits for so long
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
    kinds = (*machine_calls.KINDS, LASTING)

    def __init__(self, served: Served, case: Any) -> None:
        super().__init__(served, case)
        self.machine = served.bank.settings.analysis_machine_arn(ACCOUNT)
        self.lasting = False

    @contextmanager
    def door(self, kind: str, place: Place | None) -> Iterator[Fault]:
        """Inside, the machine's call at the place has the fault."""
        self.lasting = kind == LASTING
        fault = fault_of_task("failed" if self.lasting else kind, LATE)
        of_it = LastingFault(fault, place) if self.lasting else Fault(fault, place)
        with machine_calls.machine_calls(of_it, *self.functions):
            yield of_it

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
