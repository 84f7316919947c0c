"""SDK integrations are refused when a machine is created; a rule's refusal in a task is an error
that the machine catches by AWS's name."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError

from localcloud.cloud import Cloud
from tests.aws_calls import Asked, answered_by
from tests.contract.conftest import make_table
from tests.contract.sagemaker_jobs.test_training_jobs import execute
from tests.contract.stepfunctions.test_executions import machine
from tests.contract.strictness.test_strictness import refused

SDK = "arn:aws:states:::aws-sdk:"


def work(resource: str, **parameters: Any) -> dict[str, Any]:
    task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    return {"StartAt": "Work", "States": {"Work": task}}


@pytest.mark.parametrize(
    "named", ["nothing:getItem", "dynamodb:getEverything", "codebuild:startBuild.sync", "dynamodb"]
)
def test_an_sdk_integration_of_no_api_is_no_definition(cloud: Cloud, named: str) -> None:
    unknown = work(f"{SDK}{named}")
    expected = (
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The resource provided "
        f"{SDK}{named} is not recognized. The value is not a valid resource ARN, or the resource "
        "is not available in this region. at /States/Work/Resource'"
    )
    assert refused(lambda: machine(unknown, "STANDARD")) == ("InvalidDefinition", expected)

    arn = machine(work(f"{SDK}dynamodb:listTables"), "STANDARD")
    states = boto3.client("stepfunctions")
    assert refused(
        lambda: states.update_state_machine(stateMachineArn=arn, definition=json.dumps(unknown))
    ) == ("InvalidDefinition", expected)


@pytest.mark.parametrize(
    "named",
    ["cloudwatchlogs:createLogGroup", "sfn:listExecutions", "eventbridge:putRule",
     "dynamodb:putItem.waitForTaskToken", "sagemakerruntime:invokeEndpoint"],
)  # fmt: skip
def test_a_service_has_the_name_that_java_s_sdk_gives_it(cloud: Cloud, named: str) -> None:
    machine(work(f"{SDK}{named}"), "STANDARD")


def test_an_execution_without_a_name_is_one_of_its_own(cloud: Cloud) -> None:
    written = work(f"{SDK}sagemaker:listEndpoints")
    first, second = (execute(cloud, written) for _ in range(2))
    assert (first["status"], second["status"]) == ("SUCCEEDED", "SUCCEEDED")
    assert first["name"] != second["name"]


def test_a_field_that_the_api_lacks_is_no_definition(cloud: Cloud) -> None:
    code, message = refused(lambda: machine(work(f"{SDK}sagemaker:listEndpoints", Nonsense=1)))
    assert code == "InvalidDefinition"
    assert message.endswith(
        'The field "Nonsense" is not supported by Step Functions at /States/Work/Parameters\''
    )


KEY = {"clientId": {"S": "c"}, "predictionId": {"S": "p"}}
DIGITS = {**KEY, "x": {"N": "1" * 39}}


@pytest.mark.parametrize(
    ("resource", "parameters", "error", "cause"),
    [
        (f"{SDK}dynamodb:putItem", {"TableName": "decisions", "Item": DIGITS},
         "DynamoDb.DynamoDbException", "more than 38 significant digits"),
        ("arn:aws:states:::dynamodb:putItem", {"TableName": "decisions", "Item": DIGITS},
         "DynamoDB.AmazonDynamoDBException", "more than 38 significant digits"),
        (f"{SDK}dynamodb:putItem", {"TableName": "decisions", "Item": KEY,
                                    "ConditionExpression": "attribute_exists(clientId)"},
         "DynamoDb.ConditionalCheckFailedException", "The conditional request failed"),
        (f"{SDK}eventbridge:putRule", {"Name": "r", "ScheduleExpression": "rate(1 days)"},
         "EventBridge.EventBridgeException", "Parameter ScheduleExpression is not valid."),
        (f"{SDK}ssm:putParameter", {"Name": "/a" * 16, "Value": "1", "Type": "String"},
         "Ssm.HierarchyLevelLimitExceededException", "a maximum depth of 15 levels"),
        (f"{SDK}sagemaker:createEndpointConfig",
         {"EndpointConfigName": "c", "ProductionVariants": [
             {"VariantName": "v", "ModelName": "m", "ServerlessConfig": {
                 "MemorySizeInMB": 1500, "MaxConcurrency": 1}}]},
         "SageMaker.SageMakerException", "1024, 2048"),
    ],
)  # fmt: skip
def test_a_refusal_in_a_task_is_caught_by_its_name(
    cloud: Cloud, resource: str, parameters: dict[str, Any], error: str, cause: str
) -> None:
    make_table()
    written = work(resource, **parameters)
    written["States"]["Work"]["Catch"] = [{"ErrorEquals": [error], "Next": "Caught"}]
    written["States"]["Caught"] = {"Type": "Pass", "End": True}
    ended = execute(cloud, written)
    assert ended["status"] == "SUCCEEDED", ended
    caught = json.loads(ended["output"])
    assert caught["Error"] == error
    assert cause in caught["Cause"]


@pytest.mark.parametrize(
    ("resource", "parameters", "error"),
    [
        ("sns:publish", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": "m"},
         "SNS.SdkClientException"),
        ("sagemaker:createProcessingJob.sync",
         {"ProcessingJobName": "j", "RoleArn": "arn:aws:iam::123456789012:role/r",
          "AppSpecification": {"ImageUri": "i"},
          "ProcessingResources": {"ClusterConfig": {
              "InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}}},
         "SageMaker.SdkClientException"),
    ],
)  # fmt: skip
def test_a_lost_answer_is_the_sdk_s_error_which_is_repeated_as_a_failed_task(
    cloud: Cloud, resource: str, parameters: dict[str, Any], error: str
) -> None:
    asked = list[str]()

    def lost(call: Asked, go: Any) -> Any:
        asked.append(call.operation)
        raise ReadTimeoutError(endpoint_url="https://aws")

    written = work(f"arn:aws:states:::{resource}", **parameters)
    retry = {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1}
    written["States"]["Work"]["Retry"] = [retry]
    with answered_by(lost):
        ended = execute(cloud, written)

    assert (ended["status"], ended["error"], len(asked)) == ("FAILED", error, 2)
