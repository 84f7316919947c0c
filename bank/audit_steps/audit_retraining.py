"""A retraining for the permission audit: the machine, and a promotion that a person signs off."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import msgspec
import pandas as pd

from bank.embedded_bank import Bank
from chalicelib import profile
from chalicelib.foundation.settings import (
    NEW_DATA_PREFIX,
    QUARANTINE_PREFIX,
    SNAPSHOT_PREFIX,
    VERIFIED_PREFIX,
)
from chalicelib.retraining.data_bucket import DataBucket
from chalicelib.services import services
from infrastructure.first_models.first_model_steps import scheduled_event
from localcloud.cloud import ACCOUNT

VERSION = "20950101T000000"
MODEL = "Tradicional"
PATIENCE_SECONDS = 300


def run(
    bank: Bank,
    sign_off: Callable[[str], None],
    known: pd.DataFrame,
    later: pd.DataFrame,
    decision: dict[str, Any],
) -> None:
    """Retrain three times, so that each end of a retraining needs its permissions.

    updateData first gets the `later` loans and an outcome, and refuses so few. Then it gets the
    `known` loans of the first snapshot again. A challenger learns what the champion learnt, and is
    promoted. `sign_off` has a person promote what waits for one.
    """
    data = DataBucket(boto3.client("s3"), bank.settings.data_bucket)
    _tell(data.name, later, decision)
    soon = datetime.now(UTC) + timedelta(minutes=1)  # the decision is from this minute
    _take_away(bank, MODEL)  # what was in service last is its champion, and updateData says so
    for at in (soon, soon + timedelta(days=1)):
        update(bank, at)
        bank.cloud.idle(PATIENCE_SECONDS)
    champion = services().models.last_served(MODEL)
    assert champion
    services().models.arrive_again(MODEL, champion)
    bank.cloud.idle(PATIENCE_SECONDS)
    _put_snapshot(data.name, known)
    _pending(bank, data)
    _sign_off(bank, sign_off)
    _promote(bank, champion)


def _tell(bucket: str, loans: pd.DataFrame, decision: dict[str, Any]) -> None:
    """Upload two files as a bank would, and a verdict on a quarantine that does not exist."""
    day = decision["createdAt"][:10]
    outcome = {"outcome": ["defaulted"], "when": [day], "granted": [day]}
    told = {name: [decision[name]] for name in ("clientId", "predictionId")} | outcome
    boto3.client("s3").put_object(
        Bucket=bucket, Key=f"{QUARANTINE_PREFIX}none.json", Body=b'{"verdict": "released"}'
    )
    for name, frame in (("loans", loans), ("told", pd.DataFrame(told))):
        key = f"{NEW_DATA_PREFIX}{name}.parquet"
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=frame.to_parquet(index=False))


def update(bank: Bank, at: datetime) -> None:
    boto3.client("lambda").invoke(
        FunctionName=bank.settings.function("updateData"), Payload=json.dumps(scheduled_event(at))
    )


def _take_away(bank: Bank, model: str) -> None:
    """Delete an endpoint, as a person would by hand."""
    boto3.client("sagemaker").delete_endpoint(EndpointName=f"{bank.settings.prefix}-{model}")


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


def _pending(bank: Bank, data: DataBucket) -> None:
    """Register the package that waits for a person, as with `sign_off = true` in the profile."""
    using = services()
    before = using.profile
    gate = msgspec.structs.replace(before.gate, sign_off=True)
    using.profile = msgspec.structs.replace(before, gate=gate)
    machines = boto3.client("stepfunctions")
    machines.start_execution(
        stateMachineArn=bank.settings.retraining_machine_arn(ACCOUNT),
        name="audit",
        input=json.dumps(_asked(bank, data)),
    )
    bank.cloud.idle(PATIENCE_SECONDS)
    using.profile = before


def _sign_off(bank: Bank, sign_off: Callable[[str], None]) -> None:
    """Have a person sign the challenger off while no endpoint answers.

    The version that was last in service is the champion.
    """
    _take_away(bank, MODEL)
    sign_off(MODEL)
    bank.cloud.idle(PATIENCE_SECONDS)


def _promote(bank: Bank, champion: str) -> None:
    """Promote the challenger, as the state machine does without a sign-off."""
    _take_away(bank, MODEL)
    job = f"{bank.settings.prefix}-{MODEL}-{VERSION}"
    digest = hashlib.sha256(services().retraining_files.artifact(job)).hexdigest()
    event = {
        "model": MODEL, "version": VERSION, "job": job, "sha256": digest, "champion": champion,
    }  # fmt: skip
    boto3.client("lambda").invoke(
        FunctionName=bank.settings.function("promoteModel"), Payload=json.dumps(event)
    )
    bank.cloud.idle(PATIENCE_SECONDS)
