"""Everything the bank does, once: what the permission audit watches."""

import io
import json
import re
import tarfile
from typing import Any

import boto3
import pandas as pd
import requests
from rich.console import Console

from chalicelib.settings import MANIFEST_PREFIX
from infrastructure import first_models
from localcloud.api import serving_api
from localcloud.authorization import BY_DOCUMENTATION
from localcloud.bank import Bank
from localcloud.first_run import body_of, train_and_deploy
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
        train_and_deploy(bank, dataset, Console(quiet=True))
        _predict(requester, body_of(next(iter(dataset.cases()))))
        _upload(bank)
        requester.get("/models")
        _lose_manifests(bank)
        requester.get("/models")
    return _left_out(bank)


class _Requester:
    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str) -> None:
        requests.get(self._url + path, headers={"x-api-key": API_KEY}, timeout=30)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        headers = {"x-api-key": API_KEY, **headers}
        return requests.post(self._url + path, json=body, headers=headers, timeout=30).json()


def _predict(requester: _Requester, body: dict[str, Any]) -> None:
    requester.post("/predict", {})  # is refused
    for _ in range(2):
        answer = requester.post("/predict", body, **{"Idempotency-Key": "once"})
    client = f"/predictions/{answer['clientId']}"
    for path in ("/health", client, f"{client}/{answer['predictionId']}", f"{client}/none"):
        requester.get(path)


def _upload(bank: Bank) -> None:
    """What is refused, a new version of a model, and the same again."""
    s3, bucket = boto3.client("s3"), bank.settings.model_bucket
    found = s3.list_objects_v2(Bucket=bucket, Prefix="appvengers/")["Contents"][0]["Key"]
    newer = re.sub(r"\d{8}T\d{6}", "20990101T000000", found)
    archive = s3.get_object(Bucket=bucket, Key=found)["Body"].read()
    uploads = {"appvengers/note.txt": b"no model", newer: _of_version("20990101T000000", archive)}
    for key, body in (*uploads.items(), *uploads.items()):
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        bank.cloud.idle(PATIENCE_SECONDS)


def _lose_manifests(bank: Bank) -> None:
    s3, bucket = boto3.client("s3"), bank.settings.model_bucket
    for found in s3.list_objects_v2(Bucket=bucket, Prefix=MANIFEST_PREFIX)["Contents"]:
        s3.delete_object(Bucket=bucket, Key=found["Key"])


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
