"""A training started by hand, by the SageMaker SDK of its own venv, on the embedded cloud."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pandas as pd
import pytest

from bank.embedded_bank import open_bank
from chalicelib import profile
from chalicelib.models.containers import REGISTRIES, image_uri
from chalicelib.retraining.data_bucket import DataBucket
from datasets.sba import SAMPLE, snapshot
from infrastructure.first_models import first_model_steps

ROOT = Path(__file__).parents[2]
MODEL = "Tradicional"


@pytest.fixture(scope="module")
def sdk():
    """The operator's Python; DEPLOY=<folder> names an environment that is there already."""
    folder = Path(os.environ.get("DEPLOY", ROOT / ".venv-deploy"))
    subprocess.run(
        ["make", "-s", f"{folder}/ready", f"DEPLOY={folder}", f"PYTHON={sys.executable}"],
        cwd=ROOT, check=True,
    )  # fmt: skip
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def bank():
    with open_bank(None) as bank:
        table = snapshot(pd.read_parquet(SAMPLE))
        body = table.to_parquet(index=False)
        first_model_steps.put_sources(boto3.client("s3"), bank.settings, "2005-06-30", body)
        yield bank


def described(job):
    found = boto3.client("sagemaker").describe_training_job(TrainingJobName=job)
    kept = (
        "RoleArn", "AlgorithmSpecification", "InputDataConfig", "OutputDataConfig",
        "ResourceConfig", "StoppingCondition",
    )  # fmt: skip
    parameters = {k: v for k, v in found["HyperParameters"].items() if k != "version"}
    return {name: found[name] for name in kept} | {"HyperParameters": parameters}


def test_a_training_by_hand_is_that_of_the_first_models_and_ends_well(bank, sdk):
    port = bank.cloud.serve_aws(0)
    environ = {**os.environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    command = [sdk, "-m", "infrastructure.operate.launch", "--stage", "dev", "--model", MODEL]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    by_hand = done.stdout.strip().splitlines()[-1]
    bank.cloud.idle(60)  # what still runs would be waited for, and not begun again
    data = DataBucket(boto3.client("s3"), bank.settings.data_bucket)
    first = first_model_steps.start(bank.settings, profile.load(), data.newest_snapshot())
    scheduled = first[MODEL]
    bank.cloud.idle(60)
    found = boto3.client("sagemaker").describe_training_job(TrainingJobName=by_hand)

    assert found["TrainingJobStatus"] == "Completed", found.get("FailureReason")
    assert by_hand.startswith(f"dev-appvengers-{MODEL}-{datetime.now(UTC):%Y}")
    assert described(by_hand) == described(scheduled)


def test_a_stage_without_data_is_a_sentence_and_no_traceback(bank, sdk):
    port = bank.cloud.serve_aws(0)
    environ = {**os.environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    command = [sdk, "-m", "infrastructure.operate.launch", "--stage", "prod", "--model", MODEL]
    boto3.client("s3").create_bucket(Bucket="prod-appvengers-data")
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)

    assert done.returncode == 1
    assert "There is no snapshot" in done.stderr
    assert "Traceback" not in done.stderr


def test_lambda_and_the_sdk_name_the_same_container_in_every_region(sdk):
    program = (
        "import json, sys; from chalicelib import profile; "
        "from infrastructure.operate.launch import image; "
        "p = profile.load().sagemaker; "
        "print(json.dumps({r: image(p, r, 'ml.m5.large') for r in sys.argv[1:]}))"
    )
    done = subprocess.run(
        [sdk, "-c", program, *REGISTRIES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    ours = {region: image_uri(profile.load().sagemaker.image, region) for region in REGISTRIES}

    assert json.loads(done.stdout.splitlines()[-1]) == ours
