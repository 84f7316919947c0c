"""A bank in service: the embedded cloud, three models trained on real loans, the API."""

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pandas as pd
import pytest
import requests
from rich.console import Console

from bank.api import serving_api
from bank.demo_users.demo_people import make_people, passwords, signed_in
from bank.embedded_bank import Bank, open_bank
from bank.first_run import body_of, bring, wait_for_models
from datasets import Case, Dataset
from datasets.sba import SAMPLE, dataset_of
from infrastructure.deploy.steps import user_pool
from infrastructure.first_models.first_model_steps import scheduled_event
from infrastructure.operate.sign_in_flow import Flow
from localcloud.services.cognito.tokens import verified

API_KEY = "the-key-of-the-tests"
QUIET = Console(quiet=True)


@dataclass(frozen=True)
class Served:
    bank: Bank
    url: str
    early: tuple[requests.Response, ...] = ()  # what it answered before any model was in service

    def post(self, body: Any, path: str = "/predict", **headers: str) -> requests.Response:
        headers = {"x-api-key": API_KEY} | headers
        return requests.post(f"{self.url}{path}", json=body, headers=headers, timeout=30)

    def get(self, path: str, **headers: str) -> requests.Response:
        headers = {"x-api-key": API_KEY} | headers
        return requests.get(f"{self.url}{path}", headers=headers, timeout=30)

    def predict(self, case: Case) -> dict[str, Any]:
        response = self.post(body_of(case))
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def stored(self) -> int:
        table = self.bank.settings.predictions_table
        return boto3.client("dynamodb").scan(TableName=table, Select="COUNT")["Count"]

    def artifact(self, model: str) -> bytes:
        """The artifact that answers."""
        version = self.get("/models").json()["models"][model]["version"]
        key = f"verified/{model}/{version}/model.tar.gz"
        bucket = self.bank.settings.model_bucket
        return boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()

    def upload(self, key: str, body: bytes) -> None:
        boto3.client("s3").put_object(Bucket=self.bank.settings.model_bucket, Key=key, Body=body)
        self.bank.cloud.idle(30)


@pytest.fixture(scope="session")
def sample() -> Dataset:
    """Real loans, committed."""
    return dataset_of(pd.read_parquet(SAMPLE))


@contextmanager
def in_service(folder: Path) -> Iterator[Served]:
    with open_bank(folder) as bank, serving_api(bank, API_KEY, 0) as port:
        yield Served(bank, f"http://127.0.0.1:{port}")


class Brought(NamedTuple):
    """A bank's folder once its models are in service, and what it answered before."""

    folder: Path
    early: tuple[requests.Response, ...]


@pytest.fixture(scope="session")
def brought(sample: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Brought:
    """The models are trained once: most of the time that a bank takes to come into service."""
    folder = tmp_path_factory.mktemp("brought")
    with in_service(folder) as served:
        early = ask_early(served, next(iter(sample.cases())))
        bring(served.bank, sample, QUIET)
        served.bank.cloud.idle(30)  # no event is left that each copy would deliver again
    return Brought(folder, early)


@pytest.fixture(scope="module")
def served(brought: Brought, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A bank of its own for each file of tests, started from the state of the trained one."""
    folder = tmp_path_factory.mktemp("bank")
    shutil.copytree(brought.folder, folder, dirs_exist_ok=True)
    with in_service(folder) as served:
        wait_for_models(served.url, API_KEY, QUIET)
        yield replace(served, early=brought.early)


def ask_early(served: Served, case: Case) -> tuple[requests.Response, ...]:
    body = body_of(case)
    return (
        served.post(body),
        served.post(body, **{"Idempotency-Key": "early"}),
        served.get(f"/predictions/{case['clientId']}"),
        served.get("/ready"),
        served.get("/health"),
    )


@dataclass(frozen=True)
class Desk:
    """The API as people call it."""

    served: Served
    tokens: dict[str, str]
    claims: dict[str, dict[str, str]]

    def ask(self, role: str, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.tokens[role]}", **more.pop("headers", {})}
        url = f"{self.served.url}/people{path}"
        return requests.request(method, url, headers=headers, timeout=30, **more)

    def kept(self, role: str) -> dict[str, str]:
        return {"sub": self.claims[role]["sub"], "username": role}


@pytest.fixture(scope="module")
def desk(served, tmp_path_factory) -> Desk:
    folder = tmp_path_factory.mktemp("people")
    pool = user_pool.of_stage(boto3.client("cloudformation"), served.bank.settings)
    make_people(pool, folder)
    aws = f"http://127.0.0.1:{served.bank.cloud.serve_aws(0)}"
    flow = lambda: Flow(f"{aws}/cognito/{pool.domain}", pool.client_id)  # noqa: E731
    known = passwords(folder)
    names = ("analyst", "reviewer", "second-reviewer", "risk", "second-risk", "auditor", "operator")
    tokens = {name: signed_in(flow(), name, known[name]) for name in names}
    arn = pool.arn("123456789012")
    return Desk(served, tokens, {role: verified(one, [arn]) for role, one in tokens.items()})


@pytest.fixture(scope="session")
def loans(sample: Dataset) -> list[Case]:
    """Real applications of the test period."""
    return list(sample.cases())


@pytest.fixture(params=["Tradicional", "AppVengersAccelerator"])
def stopped(request, served):
    """A model whose endpoint is gone for the test."""
    sagemaker, name = boto3.client("sagemaker"), f"dev-appvengers-{request.param}"
    config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    sagemaker.delete_endpoint(EndpointName=name)
    yield request.param
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    served.bank.cloud.idle(30)


def scheduled(days: float) -> dict[str, Any]:
    """A schedule's event, as of some days from now."""
    return scheduled_event(datetime.now(UTC) + timedelta(days=days))


def watch() -> None:
    """What happens every day: watchTraining."""
    answer = boto3.client("lambda").invoke(
        FunctionName="appvengers-dev-watchTraining", Payload=json.dumps(scheduled(0))
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def changed(body: bytes, **members: bytes | None) -> bytes:
    """An artifact with members replaced, added or (None) left out; `.` is written `__`."""
    changes = {name.replace("__", "."): content for name, content in members.items()}
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(body)) as old,
        tarfile.open(fileobj=packed, mode="w:gz") as new,
    ):
        contents = {m.name: old.extractfile(m).read() for m in old if m.isfile()}  # type: ignore[union-attr]
        for name, content in {**contents, **changes}.items():
            if content is not None:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def manifest_of(body: bytes) -> dict[str, Any]:
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        return json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]


def reversioned(body: bytes, version: str) -> bytes:
    manifest = manifest_of(body) | {"version": version}
    return changed(body, manifest__json=json.dumps(manifest).encode())
