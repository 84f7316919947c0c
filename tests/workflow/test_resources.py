"""What stands in the embedded cloud is what the template, config.json and app.py say."""

from typing import Any

import boto3
import pytest

from chalicelib.foundation.settings import MODEL_PREFIX

TABLE = "dev-appvengers-PrediccionesCredito"
BUCKETS = ["dev-appvengers-createendpointmodel", "dev-appvengers-data"]


def test_the_table_is_keyed_paid_by_request_and_recoverable(served):
    dynamodb = boto3.client("dynamodb")
    table = dynamodb.describe_table(TableName=TABLE)["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=TABLE)["ContinuousBackupsDescription"]

    assert [key["AttributeName"] for key in table["KeySchema"]] == ["clientId", "predictionId"]
    [index] = table["GlobalSecondaryIndexes"]
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["day", "predictionId"]
    assert (index["IndexName"], index["Projection"]["ProjectionType"]) == ("byDay", "ALL")
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSEDescription"]["Status"] == "ENABLED"
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    assert recovery == "ENABLED"


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_private_encrypted_and_keeps_versions(served, bucket):
    s3 = boto3.client("s3")

    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}


def test_an_artifact_is_the_only_thing_that_triggers(served):
    """Of the functions that change something: publishEvents tells of what was stored."""
    configured = boto3.client("s3").get_bucket_notification_configuration(Bucket=BUCKETS[0])
    by_function: dict[str, list[Any]] = {}
    for one in configured["LambdaFunctionConfigurations"]:
        by_function.setdefault(one["LambdaFunctionArn"].rpartition(":")[2], []).append(one)
    (trigger,) = by_function.pop("appvengers-dev-createEndpointModel")

    assert by_function.keys() == {"appvengers-dev-publishEvents"}
    assert trigger["Events"] == ["s3:ObjectCreated:*"]
    assert trigger["Filter"]["Key"]["FilterRules"][0]["Value"] == MODEL_PREFIX
    assert boto3.client("s3").get_bucket_cors(Bucket=BUCKETS[0])["CORSRules"]


def test_each_function_has_its_own_role_with_its_own_policy(served):
    functions = boto3.client("lambda").list_functions()["Functions"]
    roles = {function["FunctionName"]: function["Role"].split("/")[-1] for function in functions}

    assert roles == {
        "appvengers-dev": "appvengers-dev-api_handler",
        **{
            f"appvengers-dev-{name}": f"appvengers-dev-{name}"
            for name in (
                "Tradicional",
                "NetworkingAccelerator",
                "AppVengersAccelerator",
                "saveResult",
                "updateData",
                "anchorEvidence",
                "watchReviews",
                "eraseClient",
                "indexBatch",
                "decideChunk",
                "closeBatch",
                "watchTraining",
                "trainingChanged",
                "watchDrift",
                "createEndpointModel",
                "endpointChanged",
                "openSnapshot",
                "evaluateModel",
                "promoteModel",
                "packageApproved",
                "keepWarm",
                "publishEvents",
                "deliverEvents",
            )
        },
    }
    sizes = {f["FunctionName"]: (f["MemorySize"], f["Timeout"]) for f in functions}
    assert sizes.pop("appvengers-dev-watchDrift") == (1024, 300)  # it reads up to 10,000 decisions
    assert sizes.pop("appvengers-dev-evaluateModel") == (1024, 120)
    assert sizes.pop("appvengers-dev-promoteModel") == (512, 120)
    assert sizes.pop("appvengers-dev-packageApproved") == (512, 120)
    assert sizes.pop("appvengers-dev-updateData") == (512, 300)  # it reads 17 keys of each day
    assert sizes.pop("appvengers-dev-eraseClient") == (512, 300)
    assert sizes.pop("appvengers-dev-anchorEvidence") == (1024, 900)  # days that were missed
    assert sizes.pop("appvengers-dev-watchReviews") == (512, 120)  # it looks up overdue cases
    assert sizes.pop("appvengers-dev-indexBatch") == (1024, 120)  # it reads up to 1 GiB
    assert sizes.pop("appvengers-dev-decideChunk") == (1024, 120)
    assert sizes.pop("appvengers-dev-closeBatch") == (2048, 120)  # it holds a million results
    assert sizes.pop("appvengers-dev-publishEvents") == (512, 60)  # up to 100 records at once
    assert set(sizes.values()) == {(512, 30)}


def test_the_machines_log_no_data_and_the_callers_wait_for_the_express_one(served):
    stepfunctions = boto3.client("stepfunctions")
    machines = [
        stepfunctions.describe_state_machine(stateMachineArn=machine["stateMachineArn"])
        for machine in stepfunctions.list_state_machines()["stateMachines"]
    ]

    assert {machine["name"]: machine["type"] for machine in machines} == {
        "dev-appvengers-analisisCredito": "EXPRESS",
        "dev-appvengers-reentrenamiento": "STANDARD",
        "dev-appvengers-lotesCredito": "STANDARD",
    }
    assert not any(m["loggingConfiguration"]["includeExecutionData"] for m in machines)
