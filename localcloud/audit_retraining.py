"""A retraining for the permission audit: the machine, and a promotion that a person signs off."""

import hashlib
import json
from typing import Any

import boto3
import msgspec
import pandas as pd

from chalicelib import profile
from chalicelib.data_bucket import DataBucket
from chalicelib.services import services
from chalicelib.settings import SNAPSHOT_PREFIX, VERIFIED_PREFIX
from localcloud.bank import Bank
from localcloud.cloud import ACCOUNT

VERSION = "20950101T000000"
MODEL = "Tradicional"
PATIENCE_SECONDS = 300


def run(bank: Bank, loans: pd.DataFrame) -> None:
    data = DataBucket(boto3.client("s3"), bank.settings.data_bucket)
    _put_snapshot(data.name, loans)
    boto3.client("stepfunctions").start_execution(
        stateMachineArn=bank.settings.retraining_machine_arn(ACCOUNT),
        name="audit",
        input=json.dumps(_asked(bank, data)),
    )
    bank.cloud.idle(PATIENCE_SECONDS)
    _sign_off(bank, data)


def _put_snapshot(bucket: str, loans: pd.DataFrame) -> None:
    s3, place = boto3.client("s3"), f"{SNAPSHOT_PREFIX}{VERSION}/"
    manifest = {"rows": len(loans), "bads": 1, "newRows": 1, "newBads": 0}
    s3.put_object(Bucket=bucket, Key=f"{place}part-0.parquet", Body=loans.to_parquet(index=False))
    s3.put_object(Bucket=bucket, Key=f"{place}manifest.json", Body=json.dumps(manifest))


def _asked(bank: Bank, data: DataBucket) -> dict[str, Any]:
    live = services().endpoints.live(MODEL)
    assert live
    key = f"{VERIFIED_PREFIX}{MODEL}/{live['version']}/model.tar.gz"
    champion = {"version": live["version"], "url": f"s3://{bank.settings.model_bucket}/{key}"}
    schema = profile.load().schema(MODEL)
    return {
        "version": VERSION,
        "at": "2095-01-01T00:00:00+00:00",
        "snapshot": VERSION,
        "previous": "",
        "profilePrefix": data.keep_profile(profile.PROFILE_FILE),
        "news": {"outcomes": 1, "files": []},
        "models": [{"model": MODEL, "schema": schema, "champion": champion}],
    }


def _sign_off(bank: Bank, data: DataBucket) -> None:
    """As with `sign_off = true` in the profile: registered, approved, promoted."""
    using = services()
    before = using.profile
    gate = msgspec.structs.replace(before.gate, sign_off=True)
    using.profile = msgspec.structs.replace(before, gate=gate)
    job = f"{bank.settings.prefix}-{MODEL}-{VERSION}"
    digest = hashlib.sha256(data.artifact_of(job)).hexdigest()
    event = {"model": MODEL, "version": VERSION, "job": job, "sha256": digest}
    answer = boto3.client("lambda").invoke(
        FunctionName=bank.settings.function("promoteModel"), Payload=json.dumps(event)
    )
    using.profile = before
    package = json.load(answer["Payload"])["package"]
    boto3.client("sagemaker").update_model_package(
        ModelPackageArn=package, ModelApprovalStatus="Approved"
    )
    bank.cloud.idle(PATIENCE_SECONDS)
