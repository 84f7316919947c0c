"""Evidence of the desk's drill: an archive as an examiner gets it, and forgeries in the table."""

import json
import re
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3

from chalicelib.foundation.dynamodb_items import from_item, to_item
from chalicelib.foundation.settings import Settings
from infrastructure.first_models.first_model_steps import scheduled_event
from infrastructure.project import ROOT


def anchor(settings: Settings, days: int) -> list[str]:
    """Anchor the days until now, as anchorEvidence does some nights later."""
    event = scheduled_event(datetime.now(UTC) + timedelta(days=days))
    answer = boto3.client("lambda").invoke(
        FunctionName=settings.function("anchorEvidence"), Payload=json.dumps(event)
    )
    return list(json.loads(answer["Payload"].read())["anchored"])


def archive(folder: Path, first: str, last: str) -> Path:
    """Write an archive by the operator's command, and return it unpacked."""
    path = folder / "evidence.zip"
    _run("-m", "infrastructure.operate.evidence_pack", "--stage", "dev",
         "--from", first, "--to", last, "--out", str(path))  # fmt: skip
    unpacked = folder / "evidence"
    with zipfile.ZipFile(path) as packed:
        packed.extractall(unpacked)
    return unpacked


def agrees_with_the_account(folder: Path) -> bool:
    path = str(folder / "evidence.zip")
    command = ["-m", "infrastructure.operate.evidence_pack", "--stage", "dev", "--check", path]
    return subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode == 0


def verified(unpacked: Path) -> tuple[bool, str]:
    """Return whether the archive is whole by its own verifier, and what that says."""
    command = [sys.executable, "-I", "verify.py"]
    done = subprocess.run(command, cwd=unpacked, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def replays(count: int) -> str:
    """Return what replaying the newest decisions says at its end."""
    command = [sys.executable, "-m", "workbench.replay", "--all", str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = re.sub(r"\s+", " ", done.stdout + done.stderr).strip()
    return said if done.returncode == 0 else f"FAILED: {said[-600:]}"


def forge(settings: Settings, client_id: str, prediction_id: str, decision: str) -> None:
    """Change a stored decision, as somebody could who may write to the table."""
    dynamodb, key = boto3.client("dynamodb"), {"clientId": client_id, "predictionId": prediction_id}
    found = dynamodb.get_item(TableName=settings.predictions_table, Key=to_item(key))["Item"]
    changed = from_item(found) | {"decision": decision}
    dynamodb.put_item(TableName=settings.predictions_table, Item=to_item(changed))


def remove(settings: Settings, client_id: str, prediction_id: str) -> None:
    key = to_item({"clientId": client_id, "predictionId": prediction_id})
    boto3.client("dynamodb").delete_item(TableName=settings.predictions_table, Key=key)


def places(folder: Path, text: str) -> list[str]:
    """Return the files of a bank's state that have a text."""
    sought = text.encode()
    files = (one for one in folder.rglob("*") if one.is_file())
    return [str(one.relative_to(folder)) for one in files if sought in one.read_bytes()]


def decisions_with(settings: Settings, text: str) -> set[str]:
    """Return the decisions whose records, or what stands beside them, have a text."""
    dynamodb, found = boto3.client("dynamodb"), set[str]()
    for table in (settings.predictions_table, settings.reviews_table):
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            records = [from_item(one) for one in page["Items"] if text in json.dumps(one)]
            found |= {
                str(one.get("of") or one.get("claimedId") or one["predictionId"]) for one in records
            }
    return found


def _run(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
