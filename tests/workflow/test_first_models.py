"""What a bank that starts does about its models."""

import boto3
import pytest

from chalicelib.data_bucket import DataBucket
from chalicelib.errors import InvalidArtifact
from infrastructure import first_models
from localcloud.first_run import bring
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
        first_models.promote(
            DataBucket(boto3.client("s3"), settings.data_bucket), settings, sba, {MODEL: job}
        )
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
