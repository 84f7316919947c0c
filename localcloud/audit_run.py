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

from chalicelib.settings import MANIFEST_PREFIX, MODEL_PREFIX, VERIFIED_PREFIX
from infrastructure import first_models
from infrastructure.policies import ASYNCHRONOUS
from localcloud import audit_retraining
from localcloud.api import serving_api
from localcloud.authorization import BY_DOCUMENTATION
from localcloud.bank import Bank
from localcloud.first_run import body_of, bring
from training.datasets import Dataset
from training.datasets.sba import SAMPLE, TEST_FROM, TEST_TO, applications, snapshot

API_KEY = "the-audits"
PATIENCE_SECONDS = 60
SLOW_TO_FAIL = b"import time; time.sleep(5); raise ImportError"


def sample() -> Dataset:
    loans = pd.read_parquet(SAMPLE)
    return Dataset("2005-06-30", lambda: snapshot(loans), lambda: applications(loans))


def run(bank: Bank) -> list[str]:
    """The functions and routes that it leaves out."""
    dataset = sample()
    with serving_api(bank, API_KEY, 0) as port:
        requester = _Requester(f"http://127.0.0.1:{port}")
        requester.get("/models")  # there are none
        audit_retraining.update(bank, datetime.now(UTC))  # there is no snapshot
        bring(bank, dataset, Console(quiet=True))
        decision = _predict(requester, [body_of(case) for case in islice(dataset.cases(), 50)])
        audit_retraining.run(bank, _new_loans(), decision)
        _upload(bank)
        requester.get("/models")
        _lose_manifests(bank)
        requester.get("/models")
        _watch(bank)
        _fail_for_good(bank)
    return _left_out(bank)


def _new_loans() -> pd.DataFrame:
    loans = snapshot(pd.read_parquet(SAMPLE), TEST_FROM, TEST_TO)
    return loans[loans["defaulted"].notna()]


class _Requester:
    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str) -> None:
        requests.get(self._url + path, headers={"x-api-key": API_KEY}, timeout=30)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        headers = {"x-api-key": API_KEY, **headers}
        return requests.post(self._url + path, json=body, headers=headers, timeout=30).json()


def _predict(requester: _Requester, bodies: list[dict[str, Any]]) -> dict[str, Any]:
    requester.post("/predict", {})  # is refused
    for body in bodies:
        for _ in range(2):
            answer = requester.post("/predict", body, **{"Idempotency-Key": "once"})
        if answer["decision"] != "APPROVE":  # of those, a change is asked for
            break
    client = f"/predictions/{answer['clientId']}"
    one = f"{client}/{answer['predictionId']}"
    requester.post(f"{one}/outcome", {"outcome": "paid", "when": answer["createdAt"][:10]})
    for path in ("/health", client, one, f"{one}/change", f"{client}/none"):
        requester.get(path)
    decision: dict[str, Any] = answer
    return decision


def _upload(bank: Bank) -> None:
    """What is refused, a version and the same again, and versions for an endpoint that is busy or
    has failed: those createEndpointModel takes at once, these endpointChanged when it is free."""
    s3, bucket = boto3.client("s3"), bank.settings.model_bucket
    first = s3.list_objects_v2(Bucket=bucket, Prefix=MODEL_PREFIX)["Contents"][0]["Key"]
    archive = s3.get_object(Bucket=bucket, Key=first)["Body"].read()
    endpoint = _Endpoint(bank, first.split("/")[1], "20960101T000000")

    def put(version: str) -> None:
        key = re.sub(r"\d{8}T\d{6}", version, first)
        s3.put_object(Bucket=bucket, Key=key, Body=_of_version(version, archive))
        bank.cloud.idle(PATIENCE_SECONDS)

    s3.put_object(Bucket=bucket, Key=f"{MODEL_PREFIX}note.txt", Body=b"no model")
    for version in (endpoint.version, endpoint.version):
        put(version)
    endpoint.spoil()
    endpoint.update()
    put("20970101T000000")  # while it is being updated
    endpoint.make_again()
    put("20980101T000000")  # while it is being created
    endpoint.make_again()
    bank.cloud.idle(PATIENCE_SECONDS)
    put("20990101T000000")  # when that has failed


class _Endpoint:
    """A model's endpoint, as its operator may spoil it."""

    def __init__(self, bank: Bank, model: str, version: str) -> None:
        self.version = version
        self._name = f"{bank.settings.prefix}-{model}"
        self._bucket = bank.settings.model_bucket
        self._key = f"{VERIFIED_PREFIX}{model}/{version}/model.tar.gz"
        self._sagemaker = boto3.client("sagemaker")

    def spoil(self) -> None:
        """The version's archive takes a while to fail from now on."""
        packed, member = io.BytesIO(), tarfile.TarInfo("code/inference.py")
        member.size = len(SLOW_TO_FAIL)
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            archive.addfile(member, io.BytesIO(SLOW_TO_FAIL))
        boto3.client("s3").put_object(Bucket=self._bucket, Key=self._key, Body=packed.getvalue())

    def update(self) -> None:
        config = f"{self._name}-{self.version}"
        self._sagemaker.update_endpoint(EndpointName=self._name, EndpointConfigName=config)

    def make_again(self) -> None:
        self._sagemaker.delete_endpoint(EndpointName=self._name)
        config = f"{self._name}-{self.version}"
        self._sagemaker.create_endpoint(EndpointName=self._name, EndpointConfigName=config)


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
