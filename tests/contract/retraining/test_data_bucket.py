"""Which snapshot is the newest: whole ones only, those by hand before the collected ones."""

import boto3
import pytest
from moto import mock_aws

from chalicelib.foundation.errors import NoSnapshot
from chalicelib.retraining.data_bucket import DataBucket

BUCKET = "data"
FIRST, DATED = "2005-06-30", "20261124T110659-2005-06-30"
COLLECTED, PARTIAL = "20261124T120000", "20261124T130000"


@pytest.fixture
def data():
    with mock_aws():
        s3 = boto3.client("s3", "us-east-1")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield DataBucket(s3, BUCKET)


def put(*names):
    s3 = boto3.client("s3", "us-east-1")
    for name in names:
        s3.put_object(Bucket=BUCKET, Key=f"credit/snapshots/{name}", Body=b"{}")


@pytest.mark.parametrize("name", [FIRST, DATED])
def test_a_first_snapshot_has_no_manifest_and_counts_since_it_is_there(data, name):
    put(f"{name}/applications.parquet")

    assert data.newest_snapshot() == name
    assert data.manifest(name).keys() == {"asOf"}


def test_of_those_by_hand_the_one_uploaded_last_counts_and_a_collected_one_before_it(data):
    put(f"{FIRST}/applications.csv", f"{DATED}/applications.parquet")
    assert data.newest_snapshot() == DATED

    put(f"{COLLECTED}/part-applications.parquet", f"{COLLECTED}/manifest.json")
    assert data.newest_snapshot() == COLLECTED


def test_what_a_job_that_died_left_is_no_snapshot(data):
    put(f"{PARTIAL}/part-applications.parquet")
    with pytest.raises(NoSnapshot, match="put one under"):
        data.newest_snapshot()

    put(f"{DATED}/applications.parquet", "notes/readme.txt")
    assert data.newest_snapshot() == DATED
    assert not data.has_snapshot(PARTIAL)


def test_a_deleted_snapshot_is_none(data):
    put(f"{FIRST}/applications.parquet", f"{COLLECTED}/manifest.json")
    boto3.client("s3", "us-east-1").delete_object(
        Bucket=BUCKET, Key=f"credit/snapshots/{COLLECTED}/manifest.json"
    )

    assert data.newest_snapshot() == FIRST
