"""prod, deployed once: what it has that dev has not."""

import boto3
import pytest

from localcloud.embedded_cloud import embedded_cloud
from tests.deploy.conftest import Operator

TABLE = "prod-appvengers-PrediccionesCredito"


@pytest.fixture(scope="module")
def production(register):
    with embedded_cloud() as cloud:
        port = cloud.serve_aws(0)
        cloud.run_uploaded_functions(port)
        operator = Operator(port, register)
        yield (
            operator,
            operator.run("infrastructure.deploy", "--stage", "prod", "--without-models"),
        )


def test_production_is_deployed_by_the_same_command(production):
    _, (code, said) = production

    assert code == 0, said
    names = [one["FunctionName"] for one in boto3.client("lambda").list_functions()["Functions"]]
    assert names
    assert all(name.startswith("appvengers-prod") for name in names)
    assert "no model is in service yet; GET /health answers" in said
    # AWS takes days to grant what its models need; all else may be deployed before.
    assert "Concurrent executions (L-B99A9384) is 10: about 15 decisions a second" in said
    assert "Too low for models: sagemaker: Maximum total concurrency" in said


def test_its_table_can_not_be_deleted_by_a_slip(production):
    table = boto3.client("dynamodb").describe_table(TableName=TABLE)["Table"]

    assert table["DeletionProtectionEnabled"] is True


def test_its_limits_are_its_own(production):
    (plan,) = boto3.client("apigateway").get_usage_plans()["items"]

    assert plan["name"] == "prod-appvengers"
    assert plan["throttle"] == {"rateLimit": 50, "burstLimit": 100}


def test_its_data_go_only_when_that_is_said_twice(production):
    operator, _ = production
    code, said = operator.run("infrastructure.operate.destroy", "--stage", "prod", "--yes")
    assert code == 0, said
    assert TABLE in said.partition("Left:")[2]
    # S3 would refuse the next deployment's triggers beside one that leads to no function.
    found = boto3.client("s3").get_bucket_notification_configuration(Bucket="prod-appvengers-data")
    assert "LambdaFunctionConfigurations" not in found
    assert boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert "deleted parameter /prod/appvengers/webhooks" in said

    yes = ("--yes", "--data", "--confirm", "prod-appvengers")
    code, said = operator.run("infrastructure.operate.destroy", "--stage", "prod", *yes)
    assert code == 0, said
    assert "Nothing is left." in said
