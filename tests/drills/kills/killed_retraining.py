"""A week's retraining on a bank that is killed: that run or the next one judges each challenger."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, ClassVar

import pandas as pd
from botocore.exceptions import BotoCoreError

from bank.kept_files import outcome_files
from chalicelib.foundation.settings import NEW_DATA_PREFIX, SNAPSHOT_PREFIX
from datasets.sba import SAMPLE, dataset_of
from infrastructure.first_models.first_model_steps import scheduled_event
from localcloud.cloud import ACCOUNT
from tests.drills.bank_process import BankProcess
from tests.drills.kills.killed_flows import notices
from tests.drills.retries.__main__ import aws
from tests.workflow.retraining import DATA, MODELS

MONTHS = "2005-07", "2006-03"  # of the sample's loans after the first training
LOANS = 20  # a week
ENDED_SECONDS, PAUSE_SECONDS = 150, 0.5
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:dev-appvengers-reentrenamiento"
VERDICTS = {"promoted", "rejected", "pending"}

Document = dict[str, Any]


class KilledRetrain:
    """updateData with a file of loans: its models are judged once, on a whole snapshot."""

    name = "retrain, and the process is killed"
    functions = ("updateData", "reentrenamiento", "processing", "training", "openSnapshot",
                 "evaluateModel", "promoteModel")  # fmt: skip
    dies_seconds, repeats = ENDED_SECONDS, False
    guards_out = "", "failed runs"
    most: ClassVar = {"": 2}  # three models make the same calls

    def __init__(self, bank: BankProcess, body: Document) -> None:
        self._bank, self._weeks, self._file = bank, _weeks(), ""

    def before(self) -> None:
        """Upload a week's loans, which no run has seen."""
        name, loans = next(self._weeks)
        self._file = f"{NEW_DATA_PREFIX}{name}"
        aws(self._bank, "s3").put_object(Bucket=DATA, Key=self._file, Body=loans)

    def ask(self) -> None:
        """Look once: a function that is killed has its event, so it comes again."""
        with suppress(BotoCoreError):  # killed before the answer
            self._look_for_news()

    def is_over(self) -> bool:
        """Return whether the run has ended; of a bank that was killed this is not known."""
        with suppress(BotoCoreError):
            return self._is_judged()
        return False

    def settle(self) -> None:
        """Wait for the run; if it failed, look for news again, as the next week's event does."""
        until = time.monotonic() + 2 * ENDED_SECONDS
        while not self._is_judged() and time.monotonic() < until:
            time.sleep(PAUSE_SECONDS)
            if not any(one["status"] == "RUNNING" for one in self._runs()):
                self._look_for_news()

    def broken(self) -> Iterator[str]:
        ended = [one["output"] for one in self._runs() if one["status"] == "SUCCEEDED"]
        if len(ended) != 1:
            yield f"{len(ended)} runs used the file"
            return
        verdicts = {one["model"]: one["verdict"] for one in ended[0]["models"]}
        if {*verdicts} != {*MODELS} or not {*verdicts.values()} <= VERDICTS:
            yield f"the challengers: {verdicts}"
        yield from self._snapshot(ended[0]["snapshot"])
        yield from self._in_service(ended[0])
        for model in verdicts:
            if not notices(self._bank, model, ended[0]["version"]):
                yield f"the operator was not told of {model}"

    def _look_for_news(self) -> None:
        """Let updateData look, and wait for its answer, if there is one."""
        event = json.dumps(scheduled_event(datetime.now(UTC)))
        client = aws(self._bank, "lambda")
        client.invoke(
            FunctionName="appvengers-dev-updateData", InvocationType="Event", Payload=event
        )
        time.sleep(2 * PAUSE_SECONDS)  # events of one second have one version

    def _is_judged(self) -> bool:
        return any(one["status"] == "SUCCEEDED" for one in self._runs())

    def _runs(self) -> list[Document]:
        """Return the executions that had the file among their news."""
        client = aws(self._bank, "stepfunctions")
        listed = client.list_executions(stateMachineArn=MACHINE, maxResults=20)["executions"]
        found = [client.describe_execution(executionArn=one["executionArn"]) for one in listed]
        return [
            one | {"output": json.loads(one.get("output") or "{}")}
            for one in found
            if self._file in json.loads(one["input"])["news"]["files"]
        ]

    def _snapshot(self, version: str) -> Iterator[str]:
        """Yield what a snapshot lacks of what its manifest names."""
        s3, place = aws(self._bank, "s3"), f"{SNAPSHOT_PREFIX}{version}/"
        manifest = json.load(s3.get_object(Bucket=DATA, Key=f"{place}manifest.json")["Body"])
        listed = s3.list_objects_v2(Bucket=DATA, Prefix=place)["Contents"]
        there = {one["Key"].removeprefix(place) for one in listed}
        if lacks := {*manifest["files"]} - there:
            yield f"the snapshot lacks {sorted(lacks)}"
        if self._file not in {one["key"] for one in manifest["sources"]}:
            yield "the snapshot lacks the file's loans"

    def _in_service(self, ended: Document) -> Iterator[str]:
        """Yield the promoted challengers that do not come into service."""
        promoted = {one["model"] for one in ended["models"] if one["verdict"] == "promoted"}
        until = time.monotonic() + ENDED_SECONDS
        while (lacks := promoted - {*self._live(ended["version"])}) and time.monotonic() < until:
            time.sleep(PAUSE_SECONDS)
        if lacks:
            yield f"promoted, and not in service: {sorted(lacks)}"

    def _live(self, version: str) -> Iterator[str]:
        client = aws(self._bank, "sagemaker")
        for model in MODELS:
            found = client.describe_endpoint(EndpointName=f"dev-appvengers-{model}")
            configuration = found["EndpointConfigName"].rpartition("-")[2]
            if (found["EndpointStatus"], configuration) == ("InService", version):
                yield model


def _weeks() -> Iterator[tuple[str, bytes]]:
    """Yield files of real loans that were decided elsewhere, with their outcomes."""
    text = outcome_files.of_loans(dataset_of(pd.read_parquet(SAMPLE)), *MONTHS)
    header, *loans = text.splitlines(keepends=True)
    for first in range(0, len(loans), LOANS):
        week = "".join([header, *loans[first : first + LOANS]])
        yield f"drill-{first}.csv", week.encode()
