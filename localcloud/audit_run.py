"""Everything the bank does, once: what the permission audit watches."""

import io
import json
import re
import tarfile
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import boto3
import pandas as pd
import requests
from rich.console import Console

from chalicelib.settings import (
    ARRIVAL_PREFIX,
    MANIFEST_PREFIX,
    MODEL_PREFIX,
    VERIFIED_PREFIX,
)
from infrastructure import first_models
from infrastructure.policies import ASYNCHRONOUS
from localcloud.api import serving_api
from localcloud.authorization import BY_DOCUMENTATION
from localcloud.bank import Bank
from localcloud.first_run import body_of, bring
from training.datasets import Dataset
from training.datasets.sba import SAMPLE, applications, snapshot

API_KEY = "the-audits"
PATIENCE_SECONDS = 60


def sample() -> Dataset:
    loans = pd.read_parquet(SAMPLE)
    return Dataset("2005-06-30", lambda: snapshot(loans), lambda: applications(loans))


def run(bank: Bank) -> list[str]:
    """The functions and routes that it leaves out."""
    dataset = sample()
    with serving_api(bank, API_KEY, 0) as port:
        requester = _Requester(f"http://127.0.0.1:{port}")
        requester.get("/models")  # there are none
        first_models.start(boto3.client("lambda"), bank.settings)  # there is no snapshot
        bring(bank, dataset, Console(quiet=True))
        _predict(requester, [body_of(case) for case in islice(dataset.cases(), 50)])
        _upload(bank)
        requester.get("/models")
        _lose_manifests(bank)
        requester.get("/models")
        _watch(bank)
        _fail_for_good(bank)
    return _left_out(bank)


class _Requester:
    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str) -> None:
        requests.get(self._url + path, headers={"x-api-key": API_KEY}, timeout=30)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        headers = {"x-api-key": API_KEY, **headers}
        return requests.post(self._url + path, json=body, headers=headers, timeout=30).json()


def _predict(requester: _Requester, bodies: list[dict[str, Any]]) -> None:
    requester.post("/predict", {})  # is refused
    for body in bodies:
        for _ in range(2):
            answer = requester.post("/predict", body, **{"Idempotency-Key": "once"})
        if answer["decision"] != "APPROVE":  # of those, a change is asked for
            break
    client = f"/predictions/{answer['clientId']}"
    one = f"{client}/{answer['predictionId']}"
    for path in ("/health", client, one, f"{one}/change", f"{client}/none"):
        requester.get(path)


def _upload(bank: Bank) -> None:
    """What is refused, a new version of a model, the same again, two in a row, and one for an
    endpoint that never came up."""
    s3, bucket = boto3.client("s3"), bank.settings.model_bucket
    first = s3.list_objects_v2(Bucket=bucket, Prefix=MODEL_PREFIX)["Contents"][0]["Key"]
    archive = s3.get_object(Bucket=bucket, Key=first)["Body"].read()

    def put(*versions: str) -> None:
        for version in versions:
            key = re.sub(r"\d{8}T\d{6}", version, first)
            s3.put_object(Bucket=bucket, Key=key, Body=_of_version(version, archive))
        bank.cloud.idle(PATIENCE_SECONDS)

    s3.put_object(Bucket=bucket, Key=f"{MODEL_PREFIX}note.txt", Body=b"no model")
    put("20960101T000000", "20970101T000000")  # the second finds the endpoint busy
    put("20980101T000000")
    put("20980101T000000")
    model = first.split("/")[1]
    _break(bank, model, "20980101T000000")
    put("20990101T000000")
    _break(bank, model, "20980101T000000")
    _arrive_meanwhile(bank, model, "20990101T000000")


def _break(bank: Bank, model: str, version: str) -> None:
    """The model's endpoint is made again, of an archive that can't be loaded."""
    sagemaker, name = boto3.client("sagemaker"), f"{bank.settings.prefix}-{model}"
    key = f"{VERIFIED_PREFIX}{model}/{version}/model.tar.gz"
    boto3.client("s3").put_object(Bucket=bank.settings.model_bucket, Key=key, Body=b"broken")
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=f"{name}-{version}")
    bank.cloud.idle(PATIENCE_SECONDS)


def _arrive_meanwhile(bank: Bank, model: str, version: str) -> None:
    """An upload that came while the endpoint was on its way to Failed."""
    key = f"{ARRIVAL_PREFIX}{model}/9999-01-01T00:00:00.000Z/{version}/arrived"
    boto3.client("s3").put_object(Bucket=bank.settings.model_bucket, Key=key, Body=b"")
    event = first_models.scheduled_event(datetime.now(UTC)) | {
        "source": "aws.sagemaker",
        "detail": {"EndpointName": f"{bank.settings.prefix}-{model}"},
    }
    function = bank.settings.function("endpointChanged")
    boto3.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    bank.cloud.idle(PATIENCE_SECONDS)


def _lose_manifests(bank: Bank) -> None:
    s3, bucket = boto3.client("s3"), bank.settings.model_bucket
    for found in s3.list_objects_v2(Bucket=bucket, Prefix=MANIFEST_PREFIX)["Contents"]:
        s3.delete_object(Bucket=bucket, Key=found["Key"])


def _watch(bank: Bank) -> None:
    event = json.dumps(first_models.scheduled_event(datetime.now(UTC)))
    function = bank.settings.function("watchTraining")
    boto3.client("lambda").invoke(FunctionName=function, Payload=event)


def _fail_for_good(bank: Bank) -> None:
    """Events that no function can take: they end in the queue of failures."""
    client = boto3.client("lambda")
    for name in ASYNCHRONOUS:
        function = bank.settings.function(name)
        client.invoke(FunctionName=function, InvocationType="Event", Payload=b'{"time": "never"}')
    bank.cloud.idle(PATIENCE_SECONDS)


def _of_version(version: str, archive: bytes) -> bytes:
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as old,
        tarfile.open(fileobj=packed, mode="w:gz") as new,
    ):
        for member in filter(tarfile.TarInfo.isfile, old):
            content = old.extractfile(member).read()  # type: ignore[union-attr]
            if member.name == "manifest.json":
                content = json.dumps(json.loads(content) | {"version": version}).encode()
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _left_out(bank: Bank) -> list[str]:
    used = bank.cloud.authorization.allowed.values()
    ran = {name.removesuffix(BY_DOCUMENTATION) for by in used for name in by}
    functions = boto3.client("lambda").list_functions()["Functions"]
    names = {function["FunctionName"] for function in functions} - {bank.api_handler.name}
    routes = {f"{method} {path}" for path, by in bank.app.routes.items() for method in by}
    machines = boto3.client("stepfunctions").list_state_machines()["stateMachines"]
    return sorted((names | routes | {machine["name"] for machine in machines}) - ran)
