"""A trusted file that is odd is held back, and counts once a person has released it."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from datasets.sba import TEST_FROM, TEST_TO
from infrastructure.project import ROOT
from tests.workflow.retraining import DATA, ended, forget, put
from tests.workflow.test_outcomes_to_models import PATIENCE_SECONDS, read, update

FILE = "credit/newData/odd.csv"
ROWS = 60


def quarantine(port: int, *options: str) -> str:
    """As `make quarantine STAGE=dev` runs it."""
    command = [
        sys.executable,
        "-m",
        "infrastructure.operate.quarantine",
        "--stage",
        "dev",
        *options,
    ]
    environ = os.environ | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def collected(served, at: datetime) -> dict:
    """The manifest of an updateData, run to its end."""
    done = update(at)
    assert done["done"] == "started"
    machine = served.bank.settings.retraining_machine_arn("123456789012")
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{done['execution']}"
    described = ended(served, arn, PATIENCE_SECONDS)
    assert described["status"] == "SUCCEEDED", (described.get("cause"), described["input"])
    return read(f"credit/snapshots/{at:%Y%m%dT%H%M%S}/manifest.json")


@pytest.fixture(scope="module")
def story(served, sample):
    """Loans of a good lender that all defaulted at once; then the word of a person."""
    later = sample.later(TEST_FROM, TEST_TO)
    odd = later.head(ROWS).assign(lender=later["lender"].mode()[0], defaulted=1)
    odd = odd.assign(amount=odd["amount"] + 1, defaultDate="2006-06-30")
    put(FILE, odd.to_csv(index=False).encode())
    at = datetime.now(UTC) + timedelta(seconds=1)
    before = len(served.bank.cloud.notices)
    held = collected(served, at)
    notices = {one.subject: one.message for one in served.bank.cloud.notices[before:]}
    port = served.bank.cloud.serve_aws(0)
    shown = quarantine(port)
    said = [quarantine(port, "--release", one["id"]) for one in held["held"]]
    released = collected(served, at + timedelta(minutes=1))
    yield {"held": held, "notices": notices, "shown": shown, "said": said, "released": released,
           "after": quarantine(port)}  # fmt: skip
    for version in (held["version"], released["version"]):
        forget(version)
    for key in (FILE, *(f"credit/quarantine/{one['id']}.json" for one in held["held"])):
        boto3.client("s3").delete_object(Bucket=DATA, Key=key)


def test_what_is_odd_is_held_back_and_the_notice_says_how_to_decide(story):
    held, message = story["held"], story["notices"]["Resultados por revisar"]

    assert (held["heldRows"], held["newRows"]) == (ROWS, 0)
    assert f"En cuarentena: {ROWS}" in message
    assert "make quarantine STAGE=dev" in message
    assert "clientId" not in json.dumps(held["held"])


def test_nothing_is_trained_on_what_is_held_back(story):
    assert "Sin datos nuevos para reentrenar" in story["notices"]


def test_people_see_what_is_odd_and_decide(story):
    for one, said in zip(story["held"]["held"], story["said"], strict=True):
        assert one["id"] in story["shown"]
        assert one["sources"] == [f"file:{FILE}"]
        assert f"{one['id']} is released: {one['rows']} outcomes" in said


def test_what_was_released_counts_in_the_next_snapshot(story):
    released = story["released"]

    assert (released["newRows"], released["newBads"], released["heldRows"]) == (ROWS, ROWS, 0)
    assert story["after"].strip() == "Nothing is held back."
