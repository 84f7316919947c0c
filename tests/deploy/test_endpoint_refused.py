"""A deployment stops within seconds, with the cause, when an endpoint can't come."""

import boto3
import pytest
from rich.console import Console

from chalicelib import profile
from chalicelib.foundation.settings import Settings
from infrastructure.first_models import bring_models
from localcloud.services.servicequotas.account_quotas import TABLE

DEV = Settings("appvengers", "dev", "us-east-1")
ENDPOINT = "dev-appvengers-Tradicional"
(CONCURRENCY,) = (quota for quota in TABLE if quota.code == "L-96300102")


@pytest.fixture
def without_an_endpoint(deployed):
    """Its version is known and only has to be deployed again; afterwards all is as it was."""
    boto3.client("sagemaker").delete_endpoint(EndpointName=ENDPOINT)
    yield deployed
    deployed.cloud.quotas.grant(CONCURRENCY, 10)
    bring_models.bring(DEV, profile.load(), lambda: None, Console(quiet=True))
    deployed.cloud.idle(60)


def test_a_quota_that_was_used_up_in_between_ends_it_with_what_to_ask_for(without_an_endpoint):
    """The function that makes the endpoint is refused: its log says so before its retries end."""
    cloud, operator = without_an_endpoint.cloud, without_an_endpoint.operator

    def lower() -> None:
        cloud.quotas.grant(CONCURRENCY, 7)

    code, said = operator.run(
        "infrastructure.deploy", "--stage", "dev", meanwhile=("Models", lower)
    )

    assert code == 1
    assert "The endpoint of Tradicional was not created: appvengers-dev-createEndpointModel" in said
    assert "ResourceLimitExceeded" in said
    assert "is 7 in this account. dev needs 9" in said
    assert "--quota-code L-96300102 --desired-value 9 --region us-east-1" in said
    assert "Traceback" not in said
