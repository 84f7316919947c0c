"""A collected snapshot that openSnapshot opens for the three models, in the state of its own."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pandas as pd

from datasets.sba import SAMPLE, dataset_of
from tests.drills.calls.model_flows import IDLE_SECONDS, Versions, tail_of_retraining
from tests.workflow import retraining
from tests.workflow.conftest import Served

STATE = "openSnapshot"


class OpenSnapshot:
    """From openSnapshot on: the models' jobs have the same parameters as without a fault."""

    name = "open the snapshot"
    functions = (STATE,)

    def __init__(self, served: Served, case: Any) -> None:
        self.served, self._client = served, boto3.client("stepfunctions")
        self.machine = tail_of_retraining(served, STATE, STATE)
        version = Versions(2043).next()
        retraining.put_snapshot(version, dataset_of(pd.read_parquet(SAMPLE)).snapshot())
        collected = {"collected": {"job": "drill"}}  # by the state before
        self._input = json.dumps(retraining.asked(served, version) | collected)
        self.run()
        assert self._ended["status"] == "SUCCEEDED", self._ended
        self._usual = json.loads(self._ended["output"])
        assert {one["model"] for one in self._usual["opened"]["models"]} == {*retraining.MODELS}

    def run(self) -> None:
        arn = self._client.start_execution(
            stateMachineArn=self.machine, name=f"drill-{uuid.uuid4().hex}", input=self._input
        )["executionArn"]
        self._ended = retraining.ended(self.served, arn, IDLE_SECONDS)

    def heal(self) -> None:
        """Nothing: the state machine's repeats are all."""

    def broken(self) -> Iterator[str]:
        if self._ended["status"] != "SUCCEEDED":
            yield f"the execution ends in {self._ended['status']}"
        elif json.loads(self._ended["output"]) != self._usual:
            yield "the models' jobs have other parameters"
