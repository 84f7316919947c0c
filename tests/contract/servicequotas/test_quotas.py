"""The account's quotas: a new account's by default, read and raised by `service-quotas`."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib import profile
from chalicelib.models.endpoints import capacity
from infrastructure.account.quotas import CODES
from infrastructure.template.function_permissions.function_names import MODELS
from localcloud.cloud import Cloud
from localcloud.embedded_cloud import embedded_cloud
from localcloud.services.servicequotas.account_quotas import GRANTED, TABLE, UnknownQuota, parsed
from tests.contract.conftest import make_model, make_role, tar_gz
from tests.contract.sagemaker_jobs import test_processing_jobs, test_training_jobs

CONCURRENCY, TRAINING, PROCESSING = "L-96300102", "L-611FA074", "L-8541302D"


@pytest.fixture
def new_account() -> Iterator[Cloud]:
    with embedded_cloud() as cloud:
        make_role()
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="data")
        source = {"train.py": test_training_jobs.TRAIN}
        s3.put_object(Bucket="data", Key="source.tar.gz", Body=tar_gz(source))
        s3.put_object(Bucket="data", Key="train/loans.csv", Body=b"84 120")
        yield cloud


def serverless(name: str, concurrency: int, memory: int = 1024) -> None:
    make_model(name)
    variant: Any = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "ServerlessConfig": {"MemorySizeInMB": memory, "MaxConcurrency": concurrency},
    }
    boto3.client("sagemaker").create_endpoint_config(
        EndpointConfigName=f"{name}-{concurrency}", ProductionVariants=[variant]
    )


def create(name: str, config: str) -> Any:
    return boto3.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=config)


def update(name: str, config: str) -> Any:
    return boto3.client("sagemaker").update_endpoint(EndpointName=name, EndpointConfigName=config)


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as error:
        call()
    assert error.value.response["Error"]["Code"] == "ResourceLimitExceeded"
    return error.value.response["Error"]["Message"]


def test_a_new_account_has_ten_concurrent_serverless_invocations_and_no_instances(new_account):
    quotas = boto3.client("service-quotas")
    listed = {
        one["QuotaName"]: one["Value"]
        for page in quotas.get_paginator("list_service_quotas").paginate(
            ServiceCode="sagemaker", PaginationConfig={"PageSize": 3}
        )
        for one in page["Quotas"]
    }

    assert (
        quotas.get_service_quota(ServiceCode="sagemaker", QuotaCode=CONCURRENCY)["Quota"]["Value"]
        == 10
    )
    assert listed["ml.m5.large for training job usage"] == 0
    assert listed["ml.m5.xlarge for processing job usage"] == 0
    assert len(listed) == sum(quota.service == "sagemaker" for quota in TABLE)
    with pytest.raises(ClientError, match="NoSuchResourceException"):
        quotas.get_service_quota(ServiceCode="sagemaker", QuotaCode="L-00000000")


def test_serverless_endpoints_get_the_account_s_concurrency_and_not_one_more(new_account):
    for name, concurrency in (("a", 3), ("b", 3), ("c", 4), ("d", 1)):
        serverless(name, concurrency)
    for name, config in (("a", "a-3"), ("b", "b-3"), ("c", "c-4")):
        create(name, config)

    message = refused(lambda: create("d", "d-1"))

    assert "all serverless endpoints' is 10 Concurrent invocations" in message
    assert "current utilization of 10 " in message
    assert "request delta of 1 " in message
    new_account.idle(20)


def test_an_update_is_refused_only_for_what_it_adds(new_account):
    serverless("a", 6)
    serverless("b", 4)
    create("a", "a-6")
    create("b", "b-4")
    new_account.idle(20)
    serverless("less", 5)
    serverless("more", 7)

    assert "utilization of 10" in refused(lambda: update("a", "more-7"))
    update("a", "less-5")
    new_account.idle(20)
    assert "utilization of 9" in refused(lambda: update("a", "more-7"))


def test_an_update_that_is_under_way_counts_with_what_it_moves_to(new_account):
    for name, concurrency in (("a", 1), ("b", 1), ("big", 9), ("more", 2)):
        serverless(name, concurrency)
    create("a", "a-1")
    create("b", "b-1")
    new_account.idle(20)

    update("a", "big-9")
    assert "utilization of 10" in refused(lambda: update("b", "more-2"))
    new_account.idle(20)


def test_a_serverless_endpoint_has_3072_mb_at_most(new_account):
    serverless("a", 1, memory=3072)
    serverless("b", 1, memory=4096)
    create("a", "a-1")

    assert "'Memory size in MB per serverless endpoint' is 3072 MBs" in refused(
        lambda: create("b", "b-1")
    )
    new_account.idle(20)


def test_the_three_endpoints_of_dev_fit_a_new_account(new_account):
    """3 x 3 of 10: what `make deploy STAGE=dev` asks by default."""
    for model in MODELS:
        make_model(model)
        variant: Any = {"VariantName": "AllTraffic", "ModelName": model}
        boto3.client("sagemaker").create_endpoint_config(
            EndpointConfigName=f"{model}-dev",
            ProductionVariants=[{**variant, **capacity(profile.load().endpoint["dev"])}],
        )
        create(model, f"{model}-dev")
    new_account.idle(30)


def test_trainings_and_processing_jobs_get_no_instances_that_nobody_asked_for(new_account):
    sagemaker = boto3.client("sagemaker")

    training = refused(lambda: sagemaker.create_training_job(**test_training_jobs.job("t")))
    processing = refused(lambda: sagemaker.create_processing_job(**test_processing_jobs.job("p")))

    assert "'ml.m5.large for training job usage' is 0 Instances" in training
    assert "'ml.m5.large for processing job usage' is 0 Instances" in processing
    assert sagemaker.list_training_jobs()["TrainingJobSummaries"] == []


@pytest.mark.parametrize("kind", ["ml.c5.xlarge", "ml.p2.xlarge", "ml.m4.xlarge"])
def test_a_type_that_the_table_leaves_out_has_the_default_of_a_new_account(new_account, kind):
    make_model("m")
    variant: Any = {"VariantName": "v", "ModelName": "m", "InstanceType": kind,
                    "InitialInstanceCount": 1}  # fmt: skip
    boto3.client("sagemaker").create_endpoint_config(
        EndpointConfigName=kind.replace(".", "-"), ProductionVariants=[variant]
    )
    assert refused(lambda: create("e", kind.replace(".", "-"))).startswith(
        f"The account-level service limit '{kind} for endpoint usage' is 0 Instances, with current "
        "utilization of 0 Instances and a request delta of 1 Instances."
    )


def test_a_granted_request_lets_as_many_trainings_run_as_it_asked_for(new_account):
    sagemaker = boto3.client("sagemaker")
    boto3.client("service-quotas").request_service_quota_increase(
        ServiceCode="sagemaker", QuotaCode=TRAINING, DesiredValue=1
    )
    sagemaker.create_training_job(**test_training_jobs.job("first", sleep=1))

    second = test_training_jobs.job("second")
    assert "utilization of 1 Instances" in refused(lambda: sagemaker.create_training_job(**second))
    new_account.idle(20)
    sagemaker.create_training_job(**second)
    new_account.idle(20)
    defaults = boto3.client("service-quotas").get_aws_default_service_quota(
        ServiceCode="sagemaker", QuotaCode=TRAINING
    )
    assert defaults["Quota"]["Value"] == 0


@pytest.mark.parametrize("value", [9, 10])
def test_a_request_for_no_more_than_there_is_is_refused(new_account, value):
    quotas = boto3.client("service-quotas")
    named: Any = {"ServiceCode": "sagemaker", "QuotaCode": CONCURRENCY}
    with pytest.raises(ClientError) as error:
        quotas.request_service_quota_increase(**named, DesiredValue=value)

    assert error.value.response["Error"]["Code"] == "IllegalArgumentException"
    assert "greater than the current quota value" in str(error.value)
    assert quotas.get_service_quota(**named)["Quota"]["Value"] == 10


def test_instances_of_all_types_together_have_a_quota_too():
    with embedded_cloud(quotas={**GRANTED, "sagemaker/L-F311B08F": 0}):
        make_role()
        job = test_processing_jobs.job("p")
        assert "'Number of instances across all processing jobs' is 0" in refused(
            lambda: boto3.client("sagemaker").create_processing_job(**job)
        )


def test_quotas_are_read_from_the_command_line():
    assert parsed(("sagemaker/L-96300102=20 lambda/L-B99A9384=1000",)) == {
        "sagemaker/L-96300102": 20,
        "lambda/L-B99A9384": 1000,
    }
    assert parsed(("granted", "sagemaker/L-611FA074=2")) == {**GRANTED, "sagemaker/L-611FA074": 2}
    with pytest.raises(UnknownQuota, match="write service/code=value"):
        parsed(("sagemaker/L-96300102",))
    with (
        pytest.raises(UnknownQuota, match="no quota sagemaker/L-1"),
        embedded_cloud(quotas={"sagemaker/L-1": 1}),
    ):
        pass


def test_a_deployment_and_the_embedded_account_name_a_quota_alike():
    names = {quota.code: quota.name for quota in TABLE}

    assert {code: names[code] for code in CODES.values()} == {c: n for n, c in CODES.items()}
