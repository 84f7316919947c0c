"""Flows of models: an uploaded one is deployed, a challenger is judged and promoted, a week's news
starts a retraining. Lambda, the state machine and the daily watchTraining repeat what failed; no
hand does."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
import pandas as pd

from chalicelib import profile
from chalicelib.foundation.settings import JOB_PREFIX, NEW_DATA_PREFIX, REPORT_PREFIX
from chalicelib.models.endpoints import ModelEndpoints
from chalicelib.models.model_bucket import ModelBucket
from datasets.sba import SAMPLE, dataset_of
from infrastructure.first_models.first_model_steps import scheduled_event
from localcloud.cloud import ACCOUNT
from localcloud.services.sns import Notice
from tests.workflow import retraining
from tests.workflow.conftest import Served, reversioned, watch

MODEL, IN_SERVICE = "Tradicional", "Modelo en servicio"  # the notice's subject
IDLE_SECONDS, TRAINED_SECONDS = 300, 600


class Versions:
    """Versions of a model, each newer than the one before."""

    def __init__(self, year: int) -> None:
        self._at = datetime(year, 1, 1, tzinfo=UTC)

    def next(self) -> str:
        self._at += timedelta(minutes=1)
        return self._at.strftime("%Y%m%dT%H%M%S")


class Deploy:
    """An upload to the model bucket: that version answers, and the operator hears of it."""

    name = "deploy"
    functions: tuple[str, ...] = ("createEndpointModel", "endpointChanged")

    def __init__(self, served: Served, case: Any) -> None:
        self.served, self.versions = served, Versions(2033)
        self.body = served.artifact(MODEL)

    def run(self) -> None:
        self.version = self.versions.next()
        boto3.client("s3").put_object(
            Bucket=self.served.bank.settings.model_bucket,
            Key=f"appvengers/{MODEL}/{self.version}/model.tar.gz",
            Body=reversioned(self.body, self.version),
        )
        self.served.bank.cloud.idle(IDLE_SECONDS)

    def heal(self) -> None:
        heal_daily(self.served)

    def broken(self) -> Iterator[str]:
        yield from not_in_service(self.served, self.version)


class Promote:
    """From evaluateModel on: the challenger's evaluated bytes answer, and the operator hears."""

    name = "compare and promote"
    functions = ("evaluateModel", "promoteModel")

    def __init__(self, served: Served, case: Any) -> None:
        self.served, self.versions = served, Versions(2035)
        self.base = trained_once(served)
        self.machine = tail_of_retraining(served, "evaluateModel")

    def before(self) -> None:
        self.version = self.versions.next()
        self.champion = retraining.champions(self.served)[MODEL]
        self.job = f"dev-appvengers-{MODEL}-{self.version}"
        body = reversioned(self.base.artifact, self.version)
        facts = {**self.base.facts, "sha256": manifest_digest(body)}
        retraining.put(f"{JOB_PREFIX}/{self.job}/output/model.tar.gz", body)
        place = f"{REPORT_PREFIX}{self.version}/{MODEL}/"
        retraining.put(f"{place}evaluation.json", json.dumps(facts).encode())

    def run(self) -> None:
        asked = {"model": MODEL, "version": self.version, "job": self.job}
        self.arn = boto3.client("stepfunctions").start_execution(
            stateMachineArn=self.machine,
            name=f"drill-{self.version}",
            input=json.dumps({**self.base.request, **asked, "champion": self.champion}),
        )["executionArn"]
        self.served.bank.cloud.idle(IDLE_SECONDS)

    def heal(self) -> None:
        heal_daily(self.served)

    def broken(self) -> Iterator[str]:
        described = boto3.client("stepfunctions").describe_execution(executionArn=self.arn)
        verdict = json.loads(described.get("output") or "{}").get("verdict")
        told = [
            one.subject for one in self.served.bank.cloud.notices if self.version in one.message
        ]
        if verdict == "promoted":
            yield from not_in_service(self.served, self.version)
        elif not told:
            yield f"{described['status']} {verdict}, and the operator was not told"
        else:
            yield f"not promoted by itself: {described['status']} {verdict}"


class Update:
    """updateData with a new file of outcomes: one execution is started for it."""

    name = "look for news"
    functions = ("updateData",)

    def __init__(self, served: Served, case: Any) -> None:
        self.served, self.times = served, 0
        self.client = boto3.client("stepfunctions")
        self.arn = served.bank.settings.retraining_machine_arn(ACCOUNT)
        done = {"Type": "Pass", "Result": {"models": []}, "End": True}
        definition = {"StartAt": "Done", "States": {"Done": done}}
        self.client.update_state_machine(
            stateMachineArn=self.arn, definition=json.dumps(definition)
        )

    def before(self) -> None:
        self.times += 1
        self.at = datetime.now(UTC)
        self.file = f"{NEW_DATA_PREFIX}drill-{self.times}.csv"
        retraining.put(self.file, b"clientId,when\n")

    def run(self) -> None:
        boto3.client("lambda").invoke(
            FunctionName="appvengers-dev-updateData",
            InvocationType="Event",
            Payload=json.dumps(scheduled_event(self.at)),
        )
        self.served.bank.cloud.idle(IDLE_SECONDS)

    def heal(self) -> None:
        """Nothing: Lambda's repeats are all."""

    def broken(self) -> Iterator[str]:
        listed = self.client.list_executions(stateMachineArn=self.arn)["executions"]
        inputs = [
            json.loads(self.client.describe_execution(executionArn=one["executionArn"])["input"])
            for one in listed
            if one["startDate"] >= self.at.replace(microsecond=0)
        ]
        mine = [one for one in inputs if self.file in one["news"]["files"]]
        if len(mine) != 1:
            yield f"{len(mine)} executions for the file"


def not_in_service(served: Served, version: str) -> Iterator[str]:
    """Yield what is wrong if a version does not answer, or nobody heard of it."""
    live = endpoints_of(served).live(MODEL) or {"version": "none", "status": "Deleted"}
    if (live["version"], live["status"]) != (version, "InService"):
        yield f"{live['version']} answers ({live['status']}), not {version}"
    bucket = ModelBucket(boto3.client("s3"), served.bank.settings.model_bucket)
    if bucket.endings(MODEL)[-1].version != version:
        yield "how it ended is not recorded"
    if not in_service_notices(served, version):
        yield "the operator was not told"


def in_service_notices(served: Served, version: str) -> list[Notice]:
    """Return the notices to the operator that a version is in service."""
    told = [one for one in served.bank.cloud.notices if version in one.message]
    return [one for one in told if one.subject == IN_SERVICE]


def endpoints_of(served: Served) -> ModelEndpoints:
    """Return the endpoints as an operator sees them."""
    chosen, client = profile.load(), boto3.client("sagemaker")
    prefix = served.bank.settings.prefix
    return ModelEndpoints(client, prefix, "", chosen.endpoint["dev"], chosen.sagemaker)


def heal_daily(served: Served) -> None:
    """Two days pass, and nobody does anything."""
    for _ in range(2):
        watch()
        served.bank.cloud.idle(IDLE_SECONDS)


@dataclass(frozen=True)
class Trained:
    """A challenger that was trained and compared once, and the input of its evaluation."""

    artifact: bytes
    facts: dict[str, Any]
    request: dict[str, Any]
    asked: dict[str, Any]  # of its training


@cache
def trained_once(served: Served) -> Trained:
    """Train a challenger on the champion's own snapshot and compare it: the gate lets it pass."""
    version, s3 = Versions(2036).next(), boto3.client("s3")
    retraining.put_snapshot(version, dataset_of(pd.read_parquet(SAMPLE)).snapshot())
    arn = retraining.start(served, version, (MODEL,))
    ended = retraining.ended(served, arn, TRAINED_SECONDS)
    (found,) = json.loads(ended["output"])["models"]
    assert found["verdict"] == "promoted", found

    def read(key: str) -> bytes:
        return bytes(s3.get_object(Bucket=retraining.DATA, Key=key)["Body"].read())

    place = f"{REPORT_PREFIX}{version}/{MODEL}/"
    request = {"snapshot": version, "schema": profile.load().schema(MODEL)}
    artifact = read(f"{JOB_PREFIX}/{found['job']}/output/model.tar.gz")
    facts = json.loads(read(f"{place}evaluation.json"))
    return Trained(artifact, facts, request, entered(arn, "TrainChallenger"))


def entered(execution: str, state: str) -> dict[str, Any]:
    """Return a state's first input in an execution."""
    pages = boto3.client("stepfunctions").get_paginator("get_execution_history")
    details = [
        event["stateEnteredEventDetails"]
        for page in pages.paginate(executionArn=execution)
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    ]
    return dict(json.loads(next(one["input"] for one in details if one["name"] == state)))


def tail_of_retraining(served: Served, first: str, last: str = "") -> str:
    """Make a machine of reentrenamiento's own states from one of them, to the end or to another."""
    client = boto3.client("stepfunctions")
    arn = served.bank.settings.retraining_machine_arn(ACCOUNT)
    whole = client.describe_state_machine(stateMachineArn=arn)
    states = json.loads(whole["definition"])["States"]
    states |= states["ChallengeEachModel"]["ItemProcessor"]["States"]
    if last:
        states[last] = {"End": True, **states[last]}
        del states[last]["Next"]
    tail = {"StartAt": first, "States": reachable(states, first)}
    return str(
        client.create_state_machine(
            name=f"dev-appvengers-drill-{first}",
            definition=json.dumps(tail),
            roleArn=whole["roleArn"],
        )["stateMachineArn"]
    )


def reachable(states: dict[str, Any], first: str) -> dict[str, Any]:
    """Return the states that a machine may come to from one of them."""
    found, left = {}, [first]
    while left:
        name = left.pop()
        if name not in found:
            state = found[name] = states[name]
            left += [one["Next"] for one in (*state.get("Catch", []), *state.get("Choices", []))]
            left += [state[key] for key in ("Next", "Default") if key in state]
    return found


def manifest_digest(archive: bytes) -> str:
    """Return the SHA-256 of a manifest, which is the artifact's identity."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        manifest = members.extractfile("manifest.json")
        assert manifest
        return hashlib.sha256(manifest.read()).hexdigest()
