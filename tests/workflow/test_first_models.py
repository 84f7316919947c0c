"""What a bank that starts does about its models."""

import io
import json
import re
import time
from datetime import UTC, datetime

import boto3
import pytest
from moto.sagemaker.models import sagemaker_backends
from rich.console import Console

from bank.first_run import bring
from chalicelib.foundation.errors import InvalidArtifact
from chalicelib.retraining.data_bucket import DataBucket
from chalicelib.services import services
from infrastructure.first_models import first_model_steps
from infrastructure.first_models.first_trainings import TrainingJobs, start_all
from tests.workflow.conftest import QUIET, changed, reversioned

MODEL = "Tradicional"


def uploads(served) -> set[str]:
    bucket = served.bank.settings.model_bucket
    found = boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix="appvengers/")["Contents"]
    return {one["Key"] for one in found}


def test_an_artifact_that_would_be_refused_is_told_before_anybody_waits_for_it(served, sba):
    settings, job = served.bank.settings, f"dev-appvengers-{MODEL}-20310101T000000"
    body = changed(reversioned(served.artifact(MODEL), "20310101T000000"), scorecard__json=b"{}")
    key = f"training/jobs/{job}/output/model.tar.gz"
    boto3.client("s3").put_object(Bucket=settings.data_bucket, Key=key, Body=body)
    before = uploads(served)

    with pytest.raises(InvalidArtifact, match=r"scorecard\.json is not what the manifest says"):
        first_model_steps.promote(services().retraining_files, settings, sba, {MODEL: job})
    assert uploads(served) == before


def test_an_endpoint_that_was_taken_away_comes_back_with_the_version_that_was_wanted_last(
    served, loans, sample
):
    first = served.predict(loans[0])["models"][MODEL]["version"]
    old = served.artifact(MODEL)
    for version, body in (
        ("20310102T000000", reversioned(old, "20310102T000000")),
        (first, old),  # rolled back
    ):
        served.upload(f"appvengers/{MODEL}/{version}/model.tar.gz", body)
    boto3.client("sagemaker").delete_endpoint(EndpointName=f"dev-appvengers-{MODEL}")
    bring(served.bank, sample, QUIET)

    assert served.predict(loans[0])["models"][MODEL]["version"] == first


def test_an_endpoint_that_failed_once_is_made_anew(served, loans, sample):
    """Its artifact is good: what failed is over, for example a role that was not there yet."""
    first = served.predict(loans[0])["models"][MODEL]["version"]
    cloud, name = served.bank.cloud, f"dev-appvengers-{MODEL}"
    cloud.endpoints.remove(name)
    cloud.endpoints.records[name].endpoint_status = "Failed"
    said = Console(file=io.StringIO())
    bring(served.bank, sample, said)

    assert f"The endpoint of {MODEL} is Failed, and is created again" in said.file.getvalue()
    assert served.predict(loans[0])["models"][MODEL]["version"] == first


def test_a_snapshot_is_named_by_its_time_and_the_same_bytes_are_not_another(served):
    s3, settings = boto3.client("s3"), served.bank.settings
    first = first_model_steps.put_sources(s3, settings, "aaa", b"one")
    assert re.fullmatch(r"[0-9]{8}T[0-9]{6}-aaa", first)
    assert first_model_steps.put_sources(s3, settings, "aaa", b"one") == first
    assert first_model_steps.put_sources(s3, settings, "zzz", b"one") != first
    time.sleep(1)
    assert first_model_steps.put_sources(s3, settings, "aaa", b"two") > first


class Recorded(TrainingJobs):
    """It starts nothing, and tells what it would have."""

    def start(self, version: str, hyperparameters: dict[str, str], profile_prefix: str) -> str:
        return f"new-{hyperparameters['model']}-{hyperparameters['snapshot']}"


def test_first_models_train_on_what_was_uploaded_and_wait_for_what_trains_already(served, sba):
    """A run that was interrupted left jobs that go on, and cost money."""
    settings, data = (
        served.bank.settings,
        DataBucket(boto3.client("s3"), served.bank.settings.data_bucket),
    )
    now = datetime.now(UTC)
    sagemaker = boto3.client("sagemaker")
    jobs = Recorded(sagemaker, settings.prefix, "", settings.data_bucket, sba.sagemaker, "dev")
    job = sagemaker.list_training_jobs(NameContains=f"-{MODEL}-")["TrainingJobSummaries"][0]
    record = sagemaker_backends["123456789012"]["us-east-1"].training_jobs[job["TrainingJobName"]]
    snapshot = json.loads(record.hyper_parameters["snapshot"])
    others = [model for model in sba.models if model != MODEL]
    ended, record.training_job_status = record.training_job_status, "InProgress"
    try:
        started = start_all(now, sba, data, jobs, snapshot)
        anew = start_all(now, sba, data, jobs, "other")
    finally:
        record.training_job_status = ended

    assert started[MODEL] == job["TrainingJobName"]
    assert [started[one] for one in others] == [f"new-{one}-{snapshot}" for one in others]
    assert anew[MODEL] == f"new-{MODEL}-other"
