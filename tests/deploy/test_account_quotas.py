"""A deployment that exceeds a quota ends before it creates anything, with what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib import profile
from chalicelib.foundation.settings import Settings
from infrastructure.account import quotas
from infrastructure.deploy import quota_checks
from infrastructure.deploy.quota_checks import Reader, Unreadable, Usage
from localcloud.embedded_cloud import embedded_cloud
from localcloud.services.servicequotas.account_quotas import GRANTED
from tests.contract.conftest import make_model, make_role
from tests.deploy.conftest import Operator

DEV = Settings("appvengers", "dev", "us-east-1")
CONCURRENCY, EXECUTIONS = "sagemaker/L-96300102", "lambda/L-B99A9384"


@contextmanager
def account(**granted: float) -> Iterator[Operator]:
    given = {key.replace("__", "/").replace("_", "-"): value for key, value in granted.items()}
    with embedded_cloud(quotas=GRANTED | given) as cloud:
        yield Operator(cloud.serve_aws(0), Path("/nowhere"))


def everything() -> dict[str, Any]:
    return {
        "stacks": boto3.client("cloudformation").list_stacks()["StackSummaries"],
        "functions": boto3.client("lambda").list_functions()["Functions"],
        "buckets": boto3.client("s3").list_buckets()["Buckets"],
        "tables": boto3.client("dynamodb").list_tables()["TableNames"],
        "groups": boto3.client("logs").describe_log_groups()["logGroups"],
        "endpoints": [one["EndpointName"] for one in others()],
    }


def others() -> list[Any]:
    return boto3.client("sagemaker").list_endpoints()["Endpoints"]


def endpoint_of_another_team(concurrency: int) -> None:
    make_role()
    make_model("fraud")
    serverless: Any = {"MemorySizeInMB": 1024, "MaxConcurrency": concurrency}
    variant: Any = {"VariantName": "a", "ModelName": "fraud", "ServerlessConfig": serverless}
    sagemaker = boto3.client("sagemaker")
    sagemaker.create_endpoint_config(EndpointConfigName="s", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="fraud", EndpointConfigName="s")


@pytest.mark.parametrize(
    ("value", "others_use", "told"),
    [
        (10, 4, ["is 10 in this account, of which others use 4. dev needs 9", "3 too few",
                 "--quota-code L-96300102 --desired-value 13 --region us-east-1",
                 "Or set max_concurrency = 2 in [endpoint.dev] of chalicelib/credit.toml."]),
        (1, 0, ["8 too few", "--desired-value 9 ", "1 is not even 1 for each of the 3 models"]),
        (0, 0, ["9 too few", "This account can run no serverless endpoint now."]),
    ],
)  # fmt: skip
def test_ten_one_and_no_serverless_concurrency(value, others_use, told):
    with account(sagemaker__L_96300102=value) as operator:
        if others_use:
            endpoint_of_another_team(others_use)
        before = everything()
        code, said = operator.run("infrastructure.deploy", "--stage", "dev")

        assert code == 1
        assert all(one in said for one in told), said
        assert said.endswith("Nothing was changed.\n")
        assert "Traceback" not in said
        assert everything() == before


def test_all_that_is_too_low_is_told_at_once():
    """A new account has no instances; this one answers one request at a time, too."""
    with embedded_cloud(quotas={EXECUTIONS: 1}) as cloud:
        operator = Operator(cloud.serve_aws(0), Path("/nowhere"))
        code, said = operator.run(
            "infrastructure.deploy", "--stage", "dev", DATA="/nowhere/loans.csv"
        )

    assert code == 1
    for told in ("L-611FA074", "L-8541302D", "lambda: Concurrent executions (L-B99A9384) is 1",
                 "DATA=/nowhere/loans.csv"):  # fmt: skip
        assert told in said
    assert said.count("Ask AWS for more:") == 3


def test_production_needs_more_than_a_new_account_has():
    with account() as operator:
        code, said = operator.run("infrastructure.deploy", "--stage", "prod")

    assert code == 1
    assert "prod needs 150 (3 models x max_concurrency 50): 140 too few" in said
    assert "max_concurrency = 3 in [endpoint.prod]" in said


def test_what_is_asked_for_is_granted_by_the_printed_command():
    with embedded_cloud():
        bank, quota = profile.load(), boto3.client("service-quotas")
        for fault in quota_checks.check(bank, DEV).of_models:
            words = fault.partition("aws service-quotas ")[2].split()
            given = dict(zip(words[1::2], words[2::2], strict=False))
            quota.request_service_quota_increase(
                ServiceCode=given["--service-code"],
                QuotaCode=given["--quota-code"],
                DesiredValue=float(given["--desired-value"]),
            )
        checked = quota_checks.check(bank, DEV)
        assert [*checked.of_models, *checked.of_all, *checked.warnings] == []


def test_running_jobs_and_reserved_functions_of_others_count():
    with embedded_cloud(quotas=GRANTED):
        usage, need = Usage(DEV), {one.name: one for one in quotas.needs(profile.load(), "dev", 6)}
        before = {name: usage.of(one) for name, one in need.items()}
        boto3.client("events").put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
        boto3.client("ssm").put_parameter(Name="/other", Value="1", Type="String")

        assert set(before.values()) == {0}
        assert usage.of(need[quotas.RULES]) == 1
        assert usage.of(need[quotas.PARAMETERS]) == 1


class Denying:
    """Service Quotas, for somebody who may not read it."""

    def get_service_quota(self, **_given: str) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetServiceQuota")


def test_a_quota_that_may_not_be_read_is_no_fault():
    with embedded_cloud():
        need = next(quotas.needs(profile.load(), "dev", 6))

        with pytest.raises(Unreadable, match="AccessDeniedException"):
            Reader(Denying(), Usage(DEV)).granted(need)
        warning = quota_checks._warning("AccessDeniedException", [need])
        assert warning.startswith("These quotas can't be read (AccessDeniedException)")
        assert "Maximum total concurrency" in warning


class Listing:
    """Service Quotas, with one quota that only its name tells."""

    name = "Maximum provisioned concurrency across all serverless endpoints"

    def get_paginator(self, _operation: str) -> Any:
        return self

    def paginate(self, **_given: str) -> Any:
        return [{"Quotas": [{"QuotaName": self.name, "QuotaCode": "L-1", "Value": 10}]}]

    def get_service_quota(self, **given: str) -> Any:
        assert given["QuotaCode"] == "L-1"
        return {"Quota": {"Value": 10}}


def test_provisioned_concurrency_is_read_by_its_name_and_that_of_others_counts():
    with embedded_cloud():
        make_role()
        make_model("fraud")
        serverless: Any = {"MemorySizeInMB": 1024, "MaxConcurrency": 4, "ProvisionedConcurrency": 3}
        variant: Any = {"VariantName": "a", "ModelName": "fraud", "ServerlessConfig": serverless}
        sagemaker = boto3.client("sagemaker")
        sagemaker.create_endpoint_config(EndpointConfigName="s", ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName="fraud", EndpointConfigName="s")
        prod = quotas.needs(profile.load(), "prod", 6)
        need = next(one for one in prod if one.name == quotas.PROVISIONED)

        granted = Reader(Listing(), Usage(DEV)).granted(need)
        assert (granted.code, granted.value, granted.in_use) == ("L-1", 10, 3)


def test_a_quota_that_aws_does_not_document_is_to_be_looked_up_by_a_person():
    with embedded_cloud():
        prod = quotas.needs(profile.load(), "prod", 6)
        need = next(one for one in prod if one.name == quotas.PROVISIONED)

        with pytest.raises(Unreadable, match="AWS documents neither its name nor its code"):
            Reader(boto3.client("service-quotas"), Usage(DEV)).granted(need)
