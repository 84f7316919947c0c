"""Findings of the first reading against real AWS, each held to AWS's rule by this product's own
requests. docs/embedded-cloud.md lists which test catches which finding."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import app
from chalicelib import profile
from chalicelib.foundation.settings import Settings
from chalicelib.models.containers import SERVING
from chalicelib.models.endpoints import EndpointOnInstances, ModelEndpoints
from chalicelib.profile import Endpoint, Instances
from chalicelib.retraining.training_history import TrainingHistory
from infrastructure.deploy.steps import chalice_deploy, ownership
from infrastructure.packing import training_source
from infrastructure.template import roles
from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from localcloud.services.servicequotas.account_quotas import GRANTED
from tests.contract.conftest import ROLE, document, make_model, make_role, trust

ROOT = Path(__file__).parents[3]
URL = "s3://models/m/model.tar.gz"
MODEL = "Tradicional"
DEV, ACCOUNT = Settings("appvengers", "dev", "us-east-1"), "123456789012"
# https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
NOBODY = "a serverless container runs as nobody: it may write neither /etc nor its environment"


def endpoints(runs_on: Endpoint) -> ModelEndpoints:
    client = boto3.client("sagemaker")
    return ModelEndpoints(client, "dev-bank", ROLE, runs_on, profile.load().sagemaker)


def test_1_a_model_has_the_variables_without_which_no_serverless_container_starts(
    cloud: Cloud,
) -> None:
    """tests/serving runs AWS's own code with them, and without each."""
    make_model("m")
    endpoints(profile.load().endpoint["dev"]).put(MODEL, "1", URL)
    asked = boto3.client("sagemaker").describe_model(ModelName=f"dev-bank-{MODEL}-1")
    environment = asked["PrimaryContainer"]["Environment"]
    assert environment == SERVING
    assert environment.get("SAGEMAKER_USE_NGINX") == "false", NOBODY
    assert "SAGEMAKER_PROGRAM" not in environment, NOBODY  # it would be pip-installed
    assert environment.get("GUNICORN_CMD_ARGS") == "--env=SAGEMAKER_PROGRAM=inference.py", NOBODY
    cloud.idle(30)


def test_3_a_collecting_job_takes_its_region_from_sagemaker_s_variable(tmp_path: Path) -> None:
    """SageMaker sets AWS_REGION, and botocore reads AWS_DEFAULT_REGION only: NoRegionError.

    https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
    The job gets as far as its first request, to a port where nobody answers."""
    given = {
        "--version": "1", "--at": "2026-11-28T00:00:00+00:00", "--previous": "", "--bucket": "data",
        "--table": "decisions", "--profile": str(ROOT / "chalicelib"),
        "--message": str(tmp_path / "message"),
    }  # fmt: skip
    environment = {
        "PATH": os.environ["PATH"], "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull,
    }  # fmt: skip
    words = [word for pair in given.items() for word in pair]
    with tarfile.open(fileobj=io.BytesIO(training_source.pack())) as source:
        source.extractall(tmp_path / "code", filter="data")
    done = subprocess.run(
        [sys.executable, "collect.py", *words],
        cwd=tmp_path / "code", env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "NoRegionError" not in done.stderr + (tmp_path / "message").read_text("utf-8")
    assert "EndpointConnectionError" in done.stderr


def test_4_the_endpoints_of_dev_fit_the_concurrency_of_a_new_account() -> None:
    with embedded_cloud() as cloud:
        make_role()
        make_model("m")
        for model in profile.load().models:
            endpoints(profile.load().endpoint["dev"]).put(model, "1", URL)
        cloud.idle(30)


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_7_no_serverless_endpoint_is_cut_off_from_the_network(stage: str) -> None:
    granted = {**GRANTED, "sagemaker/L-96300102": 200}
    with embedded_cloud(quotas=granted) as cloud:
        make_role()
        make_model("m")
        assert endpoints(profile.load().endpoint[stage]).put(MODEL, "1", URL)
        cloud.idle(30)


def test_8_an_endpoint_on_instances_is_never_asked_to_become_serverless(cloud: Cloud) -> None:
    make_model("m")
    endpoints(Endpoint(instances=Instances("ml.m5.large", 1))).put(MODEL, "1", URL)
    cloud.idle(30)
    with pytest.raises(EndpointOnInstances):
        endpoints(profile.load().endpoint["dev"]).put(MODEL, "2", URL)


def test_8_aws_would_refuse_it(cloud: Cloud) -> None:
    """So the test above holds what AWS's rule is for."""
    make_model("m")
    endpoints(Endpoint(instances=Instances("ml.m5.large", 1))).put(MODEL, "1", URL)
    cloud.idle(30)
    sagemaker = boto3.client("sagemaker")
    variant: Any = {"VariantName": "v", "ModelName": "m",
                    "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}  # fmt: skip
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    with pytest.raises(ClientError, match="to a serverless endpoint is not supported"):
        sagemaker.update_endpoint(EndpointName=f"dev-bank-{MODEL}", EndpointConfigName="c")


def test_9_what_happens_once_a_day_or_less_is_a_cron() -> None:
    """A rate counts from when its rule was last put, so a deployment puts it off.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html"""
    schedules = {
        one.name: one.schedule_expression.to_string()
        for one in app.app.event_sources
        if hasattr(one, "schedule_expression")
    }
    rates = [text for text in schedules.values() if text.startswith("rate(") and "day" in text]
    assert rates == [], "a rate counts from when its rule was last put"
    assert schedules["updateData"].startswith("cron(")


@pytest.mark.parametrize("name", roles.statements(DEV, ACCOUNT))
def test_9_a_role_that_is_somebody_elses_is_told_before_a_stack_meets_it(
    cloud: Cloud, name: str
) -> None:
    """A role's name is there once in an account: CreateRole answers EntityAlreadyExists.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"""
    iam, role = boto3.client("iam"), f"{DEV.prefix}-{name}"
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=document(trust("sagemaker")))
    with pytest.raises(ClientError, match="EntityAlreadyExists"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=document(trust("sagemaker")))
    told = ownership.names_taken(DEV, ACCOUNT)
    assert [fault.partition(" ")[0] for fault in told] == [role], (
        "a role's name is there once in an account: EntityAlreadyExists"
    )


def test_9_a_stage_without_an_api_is_a_sentence(cloud: Cloud) -> None:
    """The name of a REST API is no key: an account has none of a name, one or several.

    https://docs.aws.amazon.com/apigateway/latest/api/API_GetRestApis.html"""
    gateway = boto3.client("apigateway")
    for _ in "ab":
        gateway.create_rest_api(name=DEV.app_name)  # of others: neither invokes this stage
    try:
        chalice_deploy.only_api(gateway, DEV)
    except chalice_deploy.NoApi as none:
        assert "run the same command again" in str(none)
    except ValueError as unpacked:
        pytest.fail(f"{unpacked}: GetRestApis may have none or several of a name")


class Unmeasured:
    """SageMaker's answer about a job in whose log no metric was found.

    FinalMetricDataList is not required:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html"""

    def describe_training_job(self, **_asked: str) -> dict[str, Any]:
        return {"TrainingJobStatus": "Completed"}


def test_9_a_training_without_final_metrics_is_told_of() -> None:
    client: Any = Unmeasured()
    try:
        job = TrainingHistory(client, "dev-bank").find("dev-bank-Tradicional-1")
    except KeyError as missing:
        pytest.fail(f"{missing} is not required in SageMaker's DescribeTrainingJobResponse")
    assert job is not None
    assert (job.status, job.metrics) == ("Completed", {})
