"""The evidence bucket locks what is written into it, as S3 does, and after a restart as well."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.foundation.settings import Settings
from infrastructure.deploy.steps import stack
from infrastructure.operate import destroy
from localcloud.embedded_cloud import embedded_cloud

KEY = "anchors/2026-11-29.json"
DEV, PROD = (Settings("appvengers", stage, "us-east-1") for stage in ("dev", "prod"))


def locked(settings):
    """A client, and the version of an object that S3 locked by itself."""
    stack.deploy(boto3.client("cloudformation"), settings.app_name, settings.stage)
    s3 = boto3.client("s3")
    written = s3.put_object(Bucket=settings.evidence_bucket, Key=KEY, Body=b"first")
    return s3, {"Bucket": settings.evidence_bucket, "Key": KEY, "VersionId": written["VersionId"]}


@pytest.fixture(params=[DEV, PROD], ids=["dev", "prod"])
def stage(request):
    with embedded_cloud():
        yield request.param


def lock_of(s3, version):
    found = s3.head_object(**version)
    return {"Mode": found["ObjectLockMode"], "RetainUntilDate": found["ObjectLockRetainUntilDate"]}


def refused(call, **request):
    with pytest.raises(ClientError) as error:
        call(**request)
    return error.value.response["Error"]["Code"]


def test_each_version_is_locked_for_the_profile_s_years_in_its_mode(stage):
    s3, version = locked(stage)
    found = lock_of(s3, version)
    mode, years = {"dev": ("GOVERNANCE", 1), "prod": ("COMPLIANCE", 10)}[stage.stage]

    assert found["Mode"] == mode
    lasting = found["RetainUntilDate"] - datetime.now(UTC)
    assert timedelta(days=365 * years - 1) < lasting <= timedelta(days=365 * years + 3)


def test_no_version_is_deleted_and_an_overwrite_leaves_it(stage):
    s3, version = locked(stage)
    s3.put_object(Bucket=version["Bucket"], Key=KEY, Body=b"forged")
    s3.delete_object(Bucket=version["Bucket"], Key=KEY)

    assert refused(s3.delete_object, **version) == "AccessDenied"
    assert s3.get_object(**version)["Body"].read() == b"first"


def test_a_lock_gets_longer_and_never_shorter(stage):
    s3, version = locked(stage)
    held = lock_of(s3, version)
    shorter = held | {"RetainUntilDate": held["RetainUntilDate"] - timedelta(days=1)}
    longer = held | {"RetainUntilDate": held["RetainUntilDate"] + timedelta(days=1)}

    assert refused(s3.put_object_retention, **version, Retention=shorter) == "AccessDenied"
    s3.put_object_retention(**version, Retention=longer)
    assert lock_of(s3, version) == longer


def test_only_a_bypass_breaks_a_lock_and_in_prod_nothing_does(stage):
    s3, version = locked(stage)
    if stage is DEV:
        s3.delete_object(**version, BypassGovernanceRetention=True)
        assert refused(s3.get_object, **version) == "NoSuchVersion"
    else:
        code = refused(s3.delete_object, **version, BypassGovernanceRetention=True)
        assert code == "AccessDenied"


def test_versioning_of_the_bucket_can_t_be_suspended(stage):
    s3, version = locked(stage)
    suspended = {"Status": "Suspended"}
    request = {"Bucket": version["Bucket"], "VersioningConfiguration": suspended}

    assert refused(s3.put_bucket_versioning, **request) == "InvalidBucketState"


def test_a_lock_outlives_a_restart(tmp_path):
    with embedded_cloud(tmp_path) as cloud:
        stack.deploy(boto3.client("cloudformation"), "appvengers", "prod")
        cloud.restore()
        written = boto3.client("s3").put_object(Bucket=PROD.evidence_bucket, Key=KEY, Body=b"first")
    with embedded_cloud(tmp_path) as cloud:
        s3, version = boto3.client("s3"), written["VersionId"]
        stack.deploy(boto3.client("cloudformation"), "appvengers", "prod")
        cloud.restore()
        kept = {"Bucket": PROD.evidence_bucket, "Key": KEY, "VersionId": version}
        assert refused(s3.delete_object, **kept) == "AccessDenied"
        assert s3.get_object(**kept)["Body"].read() == b"first"


def test_deleting_a_stage_s_data_keeps_what_compliance_locks_and_says_so(stage):
    locked(stage)
    shown = []
    destroy.destroy_data(stage, shown.append)
    kept = "kept bucket prod-appvengers-evidence: S3 refused to delete 1 versions, which are locked"

    if stage is DEV:
        assert "deleted bucket dev-appvengers-evidence" in shown
        assert [*destroy.left(stage)] == []
    else:
        assert kept in shown
        still = "bucket prod-appvengers-evidence: 1 versions of objects"
        assert [*destroy.left(stage)] == [still]
