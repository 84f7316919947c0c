"""A retraining for the permission audit: the machine, and a promotion that a person signs off."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import msgspec
import pandas as pd

from chalicelib.data_bucket import DataBucket
from chalicelib.profile import PROFILE_FILE
from chalicelib.services import services
from chalicelib.settings import NEW_DATA_PREFIX, SNAPSHOT_PREFIX
from infrastructure.first_models import scheduled_event
from localcloud.bank import Bank
from localcloud.cloud import ACCOUNT

MODEL = "Tradicional"
FIRST, VERSION = "2005-06-30", "20950101T000000"  # the audit's data set, and a time to come
PATIENCE_SECONDS = 300


def run(bank: Bank, loans: pd.DataFrame, decision: dict[str, Any]) -> None:
    """updateData on new loans and an outcome, and again when there is nothing new."""
    data = DataBucket(boto3.client("s3"), bank.settings.data_bucket)
    outcome = {"outcome": ["defaulted"], "when": [decision["createdAt"][:10]]}
    told = {name: [decision[name]] for name in ("clientId", "predictionId")} | outcome
    for name, frame in (("loans", loans), ("told", pd.DataFrame(told))):
        key = f"{NEW_DATA_PREFIX}{name}.parquet"
        boto3.client("s3").put_object(Bucket=data.name, Key=key, Body=frame.to_parquet(index=False))
    at = datetime.now(UTC)
    update(bank, at)
    bank.cloud.idle(PATIENCE_SECONDS)
    update(bank, at + timedelta(days=1))
    _pass(bank, data)
    _sign_off(bank, data, VERSION)


def update(bank: Bank, at: datetime) -> None:
    boto3.client("lambda").invoke(
        FunctionName=bank.settings.function("updateData"),
        Payload=json.dumps(scheduled_event(at)),
    )


def _pass(bank: Bank, data: DataBucket) -> None:
    """A challenger that is promoted for certain: the first model again, without a champion."""
    s3, place = boto3.client("s3"), f"{SNAPSHOT_PREFIX}{VERSION}/"
    first = f"{SNAPSHOT_PREFIX}{FIRST}/applications.parquet"
    source: Any = {"Bucket": data.name, "Key": first}
    s3.copy_object(Bucket=data.name, Key=f"{place}part-0.parquet", CopySource=source)
    manifest = json.dumps({"rows": 1, "bads": 1, "newRows": 1, "newBads": 1})
    s3.put_object(Bucket=data.name, Key=f"{place}manifest.json", Body=manifest.encode())
    request = {
        "version": VERSION,
        "at": "2095-01-01T00:00:00+00:00",
        "snapshot": VERSION,
        "previous": FIRST,
        "profilePrefix": data.keep_profile(PROFILE_FILE),
        "models": [{"model": MODEL, "schema": services().profile.schema(MODEL), "champion": None}],
    }
    boto3.client("stepfunctions").start_execution(
        stateMachineArn=bank.settings.retraining_machine_arn(ACCOUNT), input=json.dumps(request)
    )
    bank.cloud.idle(PATIENCE_SECONDS)


def _sign_off(bank: Bank, data: DataBucket, version: str) -> None:
    """As with `sign_off = true` in the profile: registered, approved, promoted."""
    using = services()
    before = using.profile
    gate = msgspec.structs.replace(before.gate, sign_off=True)
    using.profile = msgspec.structs.replace(before, gate=gate)
    job = f"{bank.settings.prefix}-{MODEL}-{version}"
    digest = hashlib.sha256(data.artifact_of(job)).hexdigest()
    event = {"model": MODEL, "version": version, "job": job, "sha256": digest}
    answer = boto3.client("lambda").invoke(
        FunctionName=bank.settings.function("promoteModel"), Payload=json.dumps(event)
    )
    using.profile = before
    package = json.load(answer["Payload"])["package"]
    boto3.client("sagemaker").update_model_package(
        ModelPackageArn=package, ModelApprovalStatus="Approved"
    )
    bank.cloud.idle(PATIENCE_SECONDS)
