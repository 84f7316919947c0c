"""What is wrong is told before anything is created."""

import json
import re
import shutil
from collections.abc import Iterator

import boto3
import pytest

from chalicelib.foundation.settings import STAGES, Settings
from chalicelib.retraining import snapshot_opening
from infrastructure import embedded
from infrastructure.deploy import checks, command
from infrastructure.deploy.steps import ownership
from infrastructure.operate import destroy
from infrastructure.project import app_name
from infrastructure.template import function_policies, roles
from infrastructure.template.function_permissions import function_names
from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from tests.contract.conftest import document, trust

DEV = Settings("appvengers", "dev", "us-east-1")
ACCOUNT = "123456789012"
OURS = [{"Key": "project", "Value": "appvengers"}, {"Key": "stage", "Value": "dev"}]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with embedded_cloud() as cloud:
        yield cloud


def test_all_is_well_on_an_empty_account(cloud):
    assert checks.before_anything("dev", "us-east-1", (3, 12)) == []
    assert ownership.names_taken(DEV, ACCOUNT) == []


@pytest.mark.parametrize("version", [(3, 10), (3, 15)])
def test_a_python_that_lambda_or_we_do_not_run_is_told(version):
    (fault,) = checks.before_anything("dev", "us-east-1", version)

    assert "use 3.11 to 3.14" in fault


@pytest.mark.parametrize(
    ("region", "told"), [(None, "export AWS_DEFAULT_REGION"), ("mars-1", "another region")]
)
def test_a_region_that_is_missing_or_has_no_container_is_told(region, told):
    (fault,) = checks.before_anything("dev", region, (3, 12))

    assert told in fault


def longest_prefix() -> str:
    version, model = "20260101T000000", max(function_names.MODELS, key=len)
    left = 63 - len(snapshot_opening.job_names("", model, version)[1])
    return "p" * left


@pytest.mark.parametrize("model", function_names.MODELS)
def test_every_name_of_a_retraining_fits_if_the_longest_does(model):
    for stage in (f"{stage}-{app_name()}" for stage in STAGES):
        assert len(stage) <= len(longest_prefix())
    assert checks.name_fault(longest_prefix()) == ""
    for name in snapshot_opening.job_names(longest_prefix(), model, "20260101T000000"):
        assert re.fullmatch("[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name)  # SageMaker's own rule


def test_a_stage_that_makes_names_too_long_is_told_before_anything_is_made():
    told = checks.name_fault(f"{longest_prefix()}xyz")

    assert "66 characters" in told
    assert "shorten the stage or app_name by 3" in told


def test_faults_are_told_together():
    assert len(checks.before_anything("a-stage-too-long", None, (3, 9))) == 4


def test_policies_that_are_stale_are_told(tmp_path, monkeypatch):
    shutil.copytree(checks.ROOT / ".chalice", tmp_path / ".chalice")
    monkeypatch.setattr(checks, "ROOT", tmp_path)
    assert checks.before_anything("dev", "us-east-1", (3, 12)) == []
    next(path for path, _ in function_policies.files())
    (tmp_path / ".chalice" / "policy-dev.json").write_text(json.dumps({}))

    (fault,) = checks.before_anything("dev", "us-east-1", (3, 12))
    assert "policy-dev.json" in fault
    assert "make iam-policies" in fault


def test_credentials_that_lead_nowhere_are_told(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    with pytest.raises(checks.NotReady, match="python -m bank bare"):
        checks.account_of_the_caller()


def test_a_bucket_of_somebody_else_is_told_and_ours_is_not(cloud):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=DEV.data_bucket)
    (fault,) = ownership.names_taken(DEV, ACCOUNT)
    assert "not ours" in fault

    s3.put_bucket_tagging(Bucket=DEV.data_bucket, Tagging={"TagSet": OURS})
    assert ownership.names_taken(DEV, ACCOUNT) == []


def test_a_stage_that_lives_in_another_region_is_told(cloud):
    s3 = boto3.client("s3", region_name="eu-west-1")
    there = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket=DEV.data_bucket, CreateBucketConfiguration=there)
    s3.put_bucket_tagging(Bucket=DEV.data_bucket, Tagging={"TagSet": OURS})

    (fault,) = ownership.names_taken(DEV, ACCOUNT)
    assert "dev lives in eu-west-1" in fault
    assert "AWS_DEFAULT_REGION=eu-west-1" in fault
    assert ownership.names_taken(Settings("appvengers", "dev", "eu-west-1"), ACCOUNT) == []


@pytest.mark.parametrize("program", ["deploy", "destroy"])
def test_nothing_is_done_to_a_stage_from_another_region(cloud, program, monkeypatch, capsys):
    s3 = boto3.client("s3", region_name="eu-west-1")
    there = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket=DEV.data_bucket, CreateBucketConfiguration=there)
    s3.put_bucket_tagging(Bucket=DEV.data_bucket, Tagging={"TagSet": OURS})
    boto3.client("iam").create_role(
        RoleName="appvengers-dev-saveResult", AssumeRolePolicyDocument=document(trust("lambda"))
    )
    monkeypatch.setattr("sys.argv", [program, "--stage", "dev"])

    with pytest.raises(SystemExit, match="lives in eu-west-1"):
        {"deploy": command, "destroy": destroy}[program].main()
    assert len(boto3.client("iam").list_roles()["Roles"]) == 1
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []


def test_a_table_of_somebody_else_is_told_and_ours_is_not(cloud):
    dynamodb = boto3.client("dynamodb")
    made = dynamodb.create_table(
        TableName=DEV.predictions_table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    (fault,) = ownership.names_taken(DEV, ACCOUNT)
    assert "Change app_name" in fault

    dynamodb.tag_resource(ResourceArn=made["TableDescription"]["TableArn"], Tags=OURS)
    assert ownership.names_taken(DEV, ACCOUNT) == []


@pytest.mark.parametrize("name", roles.statements(DEV, ACCOUNT))
def test_a_role_of_somebody_else_is_told_whatever_it_is_for(cloud, name):
    boto3.client("iam").create_role(
        RoleName=f"{DEV.prefix}-{name}", AssumeRolePolicyDocument=document(trust("lambda"))
    )
    (fault,) = ownership.names_taken(DEV, ACCOUNT)
    assert f"{DEV.prefix}-{name}" in fault


def test_only_a_loopback_endpoint_is_the_embedded_cloud():
    assert embedded.is_embedded({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})
    assert not embedded.is_embedded({"AWS_ENDPOINT_URL": "https://vpce-1.amazonaws.com"})
    assert not embedded.is_embedded({})


def test_real_credentials_never_sign_a_request_to_the_embedded_cloud():
    environ = {
        "AWS_ENDPOINT_URL": "http://localhost:4566",
        "AWS_ACCESS_KEY_ID": "real",
        "AWS_SECRET_ACCESS_KEY": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_PROFILE": "bank",
    }
    embedded.reach(environ)

    assert "real" not in environ.values()
    assert "AWS_PROFILE" not in environ


def test_elsewhere_credentials_are_left_alone():
    environ = {"AWS_PROFILE": "bank"}
    embedded.reach(environ)

    assert environ == {"AWS_PROFILE": "bank"}
