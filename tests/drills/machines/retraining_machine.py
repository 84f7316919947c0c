"""A week's retraining whose state machine's own calls have a fault: reentrenamiento makes the jobs,
invokes openSnapshot, evaluateModel and promoteModel, and publishes the notice."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
import pandas as pd
from moto.cloudwatch.models import cloudwatch_backends

from bank.kept_files import outcome_files
from chalicelib import profile
from chalicelib.foundation.settings import NEW_DATA_PREFIX, PROFILE_PREFIX
from chalicelib.retraining.data_bucket import DataBucket
from datasets.sba import SAMPLE, dataset_of
from localcloud.cloud import ACCOUNT
from tests.drills.calls.call_faults import Fault, Place
from tests.drills.calls.model_flows import MODEL, Versions, not_in_service
from tests.drills.machines import machine_calls
from tests.workflow import retraining
from tests.workflow.conftest import Served
from tests.workflow.test_alarms import put, rings

MONTHS = "2005-07", "2005-07"  # of the sample's loans after the first training
LOANS = 20  # so few that the challenger is as good as the champion, and is promoted
ENDED_SECONDS = 900  # a machine waits up to a minute before it makes a refused job again
PROMOTED, FAILED = "Modelo promovido", "Reentrenamiento fallido"


class MachineRetrain:
    """reentrenamiento with a file of loans, for one model: a challenger is promoted by this run or
    by the next one, the operator hears of each run, and only a promoted challenger answers."""

    name = "retrain, calls of the state machine"
    functions = ("reentrenamiento",)
    kinds, can_have = machine_calls.KINDS, staticmethod(machine_calls.can_have)

    def __init__(self, served: Served, case: Any) -> None:
        self.served, self.versions = served, Versions(2041)
        self.client = boto3.client("stepfunctions")
        self.machine = served.bank.settings.retraining_machine_arn(ACCOUNT)
        written = self.client.describe_state_machine(stateMachineArn=self.machine)["definition"]
        self._late = machine_calls.late_seconds(written)
        self._file = f"{NEW_DATA_PREFIX}drill-machine.csv"
        loans = outcome_files.of_loans(dataset_of(pd.read_parquet(SAMPLE)), *MONTHS)
        retraining.put(self._file, "".join(loans.splitlines(keepends=True)[: LOANS + 1]).encode())
        retraining.put_profile()
        data = DataBucket(boto3.client("s3"), served.bank.settings.data_bucket)
        self._first = data.newest_snapshot()

    @contextmanager
    def door(self, kind: str, place: Place | None) -> Iterator[Fault]:
        """Inside, the machine's call at the place has the fault."""
        fault = Fault(machine_calls.fault_of_task(kind, self._late), place)
        with machine_calls.machine_calls(fault, *self.functions):
            yield fault

    def before(self) -> None:
        """Forget the metrics of earlier runs: the alarm then tells of this one."""
        self._lost = list[str]()
        cloudwatch_backends[ACCOUNT]["us-east-1"].metric_data.clear()

    def run(self) -> None:
        """Start the machine from the first snapshot, so that each run has the same news."""
        self._version = self.versions.next()
        self._champion = retraining.champions(self.served)[MODEL]
        model = {"model": MODEL, "schema": profile.load().schema(MODEL)}
        asked = {
            "version": self._version,
            "at": datetime.now(UTC).isoformat(),
            "snapshot": self._version,
            "previous": self._first,
            "profilePrefix": f"{PROFILE_PREFIX}test/",
            "news": {"outcomes": 0, "files": [self._file]},
            "models": [model | {"champion": self._champion}],
        }
        arn = self.client.start_execution(
            stateMachineArn=self.machine, name=f"drill-{self._version}", input=json.dumps(asked)
        )["executionArn"]
        self._ended = retraining.ended(self.served, arn, ENDED_SECONDS)

    def heal(self) -> None:
        """The next week's run; of this one's notice nothing heals the loss."""
        self._lost = [*self._untold()]
        self.run()

    def broken(self) -> Iterator[str]:
        yield from (self._lost or self._untold())
        verdict = self._verdict()
        if verdict == "promoted":
            yield from not_in_service(self.served, self._version)
            return
        yield f"no challenger is promoted: {verdict}"
        if retraining.champions(self.served)[MODEL] != self._champion:
            yield "another champion answers"

    def _verdict(self) -> str:
        """Return what became of the challenger; without one, how the execution ended."""
        models = json.loads(self._ended.get("output") or "{}").get("models")
        return str(models[0]["verdict"] if models else self._ended["status"])

    def _untold(self) -> Iterator[str]:
        """Yield that the operator did not hear of the run's end, by a notice or by the alarm of an
        execution that failed. That AWS counts such an execution is AWS's to do.
        """
        mine = [one for one in self.served.bank.cloud.notices if self._version in one.message]
        promoted = self._verdict() == "promoted"
        if (PROMOTED if promoted else FAILED) in {one.subject for one in mine}:
            return
        cloudwatch = boto3.client("cloudwatch")
        if self._ended["status"] == "FAILED":
            put(cloudwatch, "AWS/States", "ExecutionsFailed", 1, StateMachineArn=self.machine)
        if not rings(cloudwatch, "retraining-failed"):
            yield f"the operator was not told of {self._verdict()}"
