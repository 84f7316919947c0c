"""Everything the bank does, once: what the permission audit watches."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

import boto3
import requests
from rich.console import Console

from bank.api import serving_api
from bank.audit_steps import audit_batches, audit_events, audit_models, audit_retraining
from bank.audit_steps.artifact_versions import of_version
from bank.audit_steps.audit_endpoint import AuditedEndpoint
from bank.demo_users import audit_people
from bank.embedded_bank import Bank
from bank.first_run import body_of, bring
from chalicelib import profile
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.foundation.settings import BATCH_PREFIX, MANIFEST_PREFIX, MODEL_PREFIX, TOLD_PREFIX
from chalicelib.governance.erasure.erasure_table import ErasureTable
from chalicelib.governance.policies.times import written_at
from chalicelib.governance.reviews.review_queue import ReviewQueue
from chalicelib.services import services
from datasets import Dataset
from datasets.sba import SAMPLE, TEST_FROM, TEST_TO, dataset_of
from infrastructure.first_models import first_model_steps
from infrastructure.template.function_permissions.function_names import ASYNCHRONOUS, MODELS
from localcloud.iam.authorization import BY_DOCUMENTATION
from training.snapshots.parquet_reading import read_parquet
from workbench import transform

API_KEY = "the-audits"
PATIENCE_SECONDS = 60


def sample() -> Dataset:
    return dataset_of(read_parquet(SAMPLE))


def run(bank: Bank) -> list[str]:
    """Drive every function and route. Return those that are left out."""
    dataset = sample()
    with serving_api(bank, API_KEY, 0) as port:
        requester = _Requester(f"http://127.0.0.1:{port}")
        requester.head("/health")
        for path in ("/", "/console/none", "/openapi.json", "/docs", "/docs/none"):
            requester.head(path)
        audit_events.subscribe(bank)
        requester.get("/models")  # there are none
        requester.post("/predict", body_of(next(iter(dataset.cases()))))  # so nothing is stored
        audit_retraining.update(bank, datetime.now(UTC))  # there is no snapshot
        bring(bank, dataset, Console(quiet=True))
        decided = _predict(requester, [body_of(case) for case in islice(dataset.cases(), 50)])
        audit_people.drive(bank, requester.url, decided, body_of(next(iter(dataset.cases()))))
        audit_models.drive(bank, requester.url, audit_people.token_of(bank))
        services.cache_clear()  # on AWS evaluateModel reads the policy in force itself
        later = dataset.later(TEST_FROM, TEST_TO)
        sign_off = partial(audit_people.sign_off, bank, requester.url)
        audit_retraining.run(bank, sign_off, dataset.snapshot(), later, decided)
        _score_a_file(bank, dataset)
        some = [body_of(case) for case in islice(dataset.cases(), 20)]
        some[0]["clientId"] = decided["clientId"]  # whose erasure deletes the results
        services.cache_clear()  # on AWS decideChunk reads the policy and the switch itself
        audit_batches.drive(bank, requester.url, API_KEY, some)
        _upload(bank)
        _repeat(bank, decided)
        _forget_trainings(bank)
        _open_a_case_of_nothing(bank)
        _leave_an_erasure(bank)
        _watch(bank)
        audit_people.ask_for_evidence(bank, requester.url, _anchor(bank, decided))
        requester.get("/models")
        _lose_manifests(bank)
        requester.get("/models")
        _watch(bank)
        _fail_for_good(bank)
        audit_people.erase(bank, requester.url, decided["clientId"])
    return _left_out(bank)


class _Requester:
    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str) -> None:
        requests.get(self.url + path, headers={"x-api-key": API_KEY}, timeout=30)

    def head(self, path: str) -> None:
        requests.head(self.url + path, timeout=30)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        headers = {"x-api-key": API_KEY, **headers}
        return requests.post(self.url + path, json=body, headers=headers, timeout=30).json()


def _predict(requester: _Requester, bodies: list[dict[str, Any]]) -> dict[str, Any]:
    """Send the applications, and return a decision."""
    requester.post("/predict", {})  # is refused
    requester.post("/predict", bodies[0], Prefer="respond-async")
    for body in bodies:
        for _ in range(2):
            answer = requester.post("/predict", body, **{"Idempotency-Key": "once"})
        if answer["decision"] == "REVIEW":  # a change is asked for, and a person grants it
            break
    client = f"/predictions/{answer['clientId']}"
    one = f"{client}/{answer['predictionId']}"
    day = answer["createdAt"][:10]
    requester.post(f"{one}/outcome", {"outcome": "paid", "when": day, "granted": day})
    requester.post(f"{one}/offer", {"takenAmount": 1_000})
    services.cache_clear()  # on AWS the API asks for the switch itself: saveResult can't for it
    about_one = (one, f"{one}/change", f"{one}/offer", f"{one}/explanation", f"{client}/none")
    of_all = (
        "/health",
        "/openapi.json",
        "/docs",
        "/docs/none",
        "/",
        "/console/none",
        "/ready",
        "/policies",
        "/policies/none",
        "/portfolio",
        "/decisions?limit=1",  # there are more, so a cursor is signed
        client,
    )
    for path in (*of_all, *about_one):
        requester.get(path)
    requester.post(f"{one}/contest", {"text": "Nobody has decided yet: it is refused."})
    large = body["application"] | {profile.load().review.amount: 1_200_000}
    requester.post("/predict", body | {"application": large})  # a case that an erasure deletes
    return {**answer, "application": body["application"]}


def _score_a_file(bank: Bank, dataset: Dataset) -> None:
    """Score a file as workbench.transform does, with a deployed model."""
    settings = bank.settings
    lines = "".join(json.dumps(case["application"]) + "\n" for case in islice(dataset.cases(), 20))
    place = f"s3://{settings.data_bucket}/{BATCH_PREFIX}"
    s3, key = boto3.client("s3"), f"{BATCH_PREFIX}asked/a.jsonl"
    s3.put_object(Bucket=settings.data_bucket, Key=key, Body=lines.encode())
    sagemaker = boto3.client("sagemaker")
    model = f"{settings.prefix}-{next(iter(MODELS))}"
    config = sagemaker.describe_endpoint(EndpointName=model)["EndpointConfigName"]
    role, name = f"{settings.prefix}-transform", f"{settings.prefix}-file"
    transform.start(sagemaker, config, role, name, f"{place}asked/", f"{place}said/")
    bank.cloud.idle(PATIENCE_SECONDS)


def _upload(bank: Bank) -> None:
    """Upload a refused artifact, a version twice, and versions for a busy or failed endpoint.

    createEndpointModel takes the versions at once. endpointChanged takes those of a busy endpoint
    when it is free.
    """
    s3, bucket = boto3.client("s3"), bank.settings.model_bucket
    first = s3.list_objects_v2(Bucket=bucket, Prefix=MODEL_PREFIX)["Contents"][0]["Key"]
    archive = s3.get_object(Bucket=bucket, Key=first)["Body"].read()
    endpoint = AuditedEndpoint(bank, *first.split("/")[1:3])

    def put(version: str) -> None:
        key = re.sub(r"\d{8}T\d{6}", version, first)
        s3.put_object(Bucket=bucket, Key=key, Body=of_version(version, archive))
        bank.cloud.idle(PATIENCE_SECONDS)

    s3.put_object(Bucket=bucket, Key=f"{MODEL_PREFIX}note.txt", Body=b"no model")
    for guarded in (False, True):
        endpoint.move_to_machines(guarded=guarded)
        bank.cloud.idle(PATIENCE_SECONDS)
    put("20950901T000000")  # from instances to serverless: it waits until somebody deletes them
    endpoint.delete()
    endpoint.prepare("20960101T000000")
    with _no_event(bank, "endpointChanged"):
        for version in ("20951001T000000", "20960101T000000"):
            put(version)
    put("20960101T000000")
    endpoint.spoil()
    endpoint.fail_to_update()
    put("20970101T000000")  # while it is being updated
    endpoint.make_again()
    put("20980101T000000")  # while it is being created
    endpoint.make_again()
    bank.cloud.idle(PATIENCE_SECONDS)
    put("20990101T000000")  # when that has failed


def _repeat(bank: Bank, decided: dict[str, Any]) -> None:
    """Repeat one application for a week, by a client whom nobody erases: that is drift."""
    table = PredictionTable(boto3.client("dynamodb"), bank.settings.predictions_table)
    for number in range(profile.load().drift.fewest):
        identity = f"{decided['predictionId'][:12]}{number:020x}"
        table.add(decided | {"clientId": "repeated", "predictionId": identity})


def _open_a_case_of_nothing(bank: Bank) -> None:
    """Open a case whose decision was never stored: watchReviews closes it."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    case = {"clientId": "nothing", "predictionId": "0" * 32, "kind": "REVIEW"}
    case |= {"priority": "NORMAL", "openedAt": now, "dueAt": now}
    ReviewQueue(boto3.client("dynamodb"), bank.settings.reviews_table).open(case)


def _leave_an_erasure(bank: Bank) -> None:
    """Begin an erasure and leave it open, as a killed one is: watchReviews has it finished."""
    client, settings = boto3.client("dynamodb"), bank.settings
    erasures = ErasureTable(client, settings.predictions_table, settings.reviews_table)
    begun = written_at(datetime.now(UTC) - timedelta(hours=2))
    erasures.begin("nothing", {"at": begun, "reason": "", "by": {}})


def _forget_trainings(bank: Bank) -> None:
    """Remove the endings of the first models' trainings, as if their events had been lost."""
    s3, bucket = boto3.client("s3"), bank.settings.data_bucket
    for found in s3.list_objects_v2(Bucket=bucket, Prefix=TOLD_PREFIX)["Contents"]:
        s3.delete_object(Bucket=bucket, Key=found["Key"])


@contextmanager
def _no_event(bank: Bank, function: str) -> Iterator[None]:
    """Drop SageMaker's events for the duration."""
    events, rule = boto3.client("events"), f"{bank.settings.function(function)}-event"
    events.disable_rule(Name=rule)
    try:
        yield
    finally:
        events.enable_rule(Name=rule)


def _lose_manifests(bank: Bank) -> None:
    s3, bucket = boto3.client("s3"), bank.settings.model_bucket
    for found in s3.list_objects_v2(Bucket=bucket, Prefix=MANIFEST_PREFIX)["Contents"]:
        s3.delete_object(Bucket=bucket, Key=found["Key"])


def _watch(bank: Bank) -> None:
    """Run the watches; the second watchDrift reads the report of the first."""
    now = datetime.now(UTC)
    last_week = ("watchDrift", now - timedelta(days=7))
    next_month = ("watchReviews", now + timedelta(days=31))  # all open cases are overdue
    others = (("watchTraining", now), ("watchDrift", now), ("keepWarm", now))
    for name, at in (last_week, *others, next_month):
        _invoke(bank, name, at)
    bank.cloud.idle(PATIENCE_SECONDS)


def _anchor(bank: Bank, decided: dict[str, Any]) -> dict[str, Any]:
    """Anchor today, then a decision of today that came too late for its anchor. Return this."""
    now = datetime.now(UTC)
    _invoke(bank, "anchorEvidence", now + timedelta(days=1))
    table = PredictionTable(boto3.client("dynamodb"), bank.settings.predictions_table)
    late = table.add(decided | {"predictionId": f"{decided['predictionId'][:12]}{'f' * 20}"})
    _invoke(bank, "anchorEvidence", now + timedelta(days=2))
    return late


def _invoke(bank: Bank, name: str, at: datetime) -> None:
    event = json.dumps(first_model_steps.scheduled_event(at))
    boto3.client("lambda").invoke(FunctionName=bank.settings.function(name), Payload=event)


def _fail_for_good(bank: Bank) -> None:
    """Send events that no function can take: they end in the queue of failures."""
    client = boto3.client("lambda")
    for name in ASYNCHRONOUS:
        function = bank.settings.function(name)
        client.invoke(FunctionName=function, InvocationType="Event", Payload=b'{"time": "never"}')
    bank.cloud.idle(PATIENCE_SECONDS)


def _left_out(bank: Bank) -> list[str]:
    used = bank.cloud.authorization.allowed.values()
    ran = {name.removesuffix(BY_DOCUMENTATION) for by in used for name in by}
    functions = boto3.client("lambda").list_functions()["Functions"]
    names = {function["FunctionName"] for function in functions} - {bank.api_handler.name}
    # OPTIONS asks for nothing of AWS's.
    methods = {path: {*by} - {"OPTIONS"} for path, by in bank.app.routes.items()}
    routes = {f"{method} {path}" for path, by in methods.items() for method in by}
    machines = boto3.client("stepfunctions").list_state_machines()["stateMachines"]
    return sorted((names | routes | {machine["name"] for machine in machines}) - ran)
