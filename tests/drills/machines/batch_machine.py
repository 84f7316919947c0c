"""A batch of real applications, in one chunk: each call of its functions, and each that its state
machine makes, has a fault once. Each row is decided once, by all models, as without a fault."""

import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import boto3
import pandas as pd
import requests

from bank.first_run import body_of
from chalicelib.decisions.intake.batches.batch_ids import prediction_id
from datasets.sba import SAMPLE, dataset_of
from localcloud.cloud import ACCOUNT
from tests.drills.calls.call_faults import Fault, Place
from tests.drills.calls.decision_flows import Announced, records
from tests.drills.jobs.faulty_answers import KINDS
from tests.drills.machines import machine_calls
from tests.workflow.conftest import Served

ROWS = 3
ENDED_SECONDS = 300
IDLE_SECONDS = 300  # closeBatch may have its effect, and answer too late

Body = dict[str, Any]


class Batch:
    """POST /batches with a file of lines, until its decisions can be fetched."""

    name = "batch"
    functions: tuple[str, ...] = ("indexBatch", "decideChunk", "closeBatch")
    kinds: tuple[str, ...] = tuple(KINDS)
    form = "jsonl"

    def __init__(self, served: Served, case: Any) -> None:
        self.served, self._times = served, 0
        self.machine = served.bank.settings.batch_machine_arn(ACCOUNT)
        cases = islice(dataset_of(pd.read_parquet(SAMPLE)).cases(), ROWS)
        self._bodies = [body_of(one) for one in cases]
        self._usual = [served.post(one).json()["decision"] for one in self._bodies]
        self.announced = Announced(served)

    def before(self) -> None:
        """Ask for a batch and upload its file: every run has clients of its own."""
        self._times += 1
        name = f"drill-{self.form}-{self._times}"
        rows = [one | {"clientId": f"{name}-{n}"} for n, one in enumerate(self._bodies)]
        self._clients, body = [one["clientId"] for one in rows], self._written(rows)
        asked = self.served.post({"format": self.form, "bytes": len(body)}, "/batches").json()
        upload, self._batch = asked["upload"], asked["batchId"]
        put = requests.put(upload["url"], data=body, headers=upload["headers"], timeout=30)
        put.raise_for_status()

    def run(self) -> None:
        """Start the batch, and follow it to its end, as docs/batches.md asks for."""
        self.served.post({"batchId": self._batch}, "/batches").raise_for_status()
        until = time.monotonic() + ENDED_SECONDS
        while (found := self._shown())["state"] == "RUNNING" and time.monotonic() < until:
            time.sleep(0.2)
        self._found = found
        self.served.bank.cloud.idle(IDLE_SECONDS)

    def heal(self) -> None:
        """The caller starts the batch again, as INTERRUPTED asks for."""
        if self._found["state"] == "INTERRUPTED":
            self.run()

    def broken(self) -> Iterator[str]:
        state, counted = self._found["state"], self._found.get("rows")
        if state != "DONE" or counted != {"total": ROWS, "decided": ROWS, "refused": 0}:
            yield f"{state}, {counted}"
            return
        text = requests.get(self._found["files"]["decisions"], timeout=30).text
        told = [one["decision"] for one in map(json.loads, text.splitlines())]
        if len(told) != ROWS or not all(map(_may_be, told, self._usual)):
            yield f"the file says {told}, and without a fault {self._usual}"
        if not self.announced.told("BatchDecided", self._batch):
            yield "no event tells of the batch"
        for number, client in enumerate(self._clients, start=1):
            yield from self._row(number, records(self.served, client))

    def _row(self, number: int, stored: list[Body]) -> Iterator[str]:
        """Yield what is wrong with the records of a row's client."""
        found = [one for one in stored if "decision" in one]
        names = [one["predictionId"] for one in found]
        if names != [prediction_id(self._batch, number)]:
            yield f"of row {number} there are {len(found)} decisions, or another one"
        if not all(_may_be(one["decision"], self._usual[number - 1]) for one in found):
            yield f"row {number} is stored as {found[0]['decision']}"
        silent = [
            name for one in found for name, had in one["models"].items() if had["status"] != "OK"
        ]
        if silent:
            yield f"row {number} was decided without {silent}"

    def _written(self, rows: list[Body]) -> bytes:
        return "".join(f"{json.dumps(row)}\n" for row in rows).encode()

    def _shown(self) -> Body:
        return dict(self.served.get(f"/batches/{self._batch}").json())


def _may_be(decision: str, usual: str) -> bool:
    """Return whether a fault may lead to a decision: what can't be read leaves it to a person."""
    return decision in (usual, "REVIEW")


class MachineBatch(Batch):
    """The same with a Parquet file, which a job converts: faults of the machine's own calls."""

    name = "batch, calls of the state machine"
    functions = ("lotesCredito",)
    kinds, can_have = machine_calls.KINDS, staticmethod(machine_calls.can_have)
    form = "parquet"

    def __init__(self, served: Served, case: Any) -> None:
        super().__init__(served, case)
        client = boto3.client("stepfunctions")
        written = client.describe_state_machine(stateMachineArn=self.machine)["definition"]
        self._late = machine_calls.late_seconds(written)

    @contextmanager
    def door(self, kind: str, place: Place | None) -> Iterator[Fault]:
        """Inside, the machine's call at the place has the fault."""
        fault = Fault(machine_calls.fault_of_task(kind, self._late), place)
        with machine_calls.machine_calls(fault, *self.functions):
            yield fault

    def _written(self, rows: list[Body]) -> bytes:
        columns = [{**one["application"], "clientId": one["clientId"],
                    "consents": one.get("consents", [])} for one in rows]  # fmt: skip
        body = io.BytesIO()
        pd.DataFrame(columns).to_parquet(body)
        return body.getvalue()
