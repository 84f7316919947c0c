"""What AWS refuses is refused here: by the services' own models."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.cloud import Cloud
from tests.contract.conftest import ROLE, make_table
from tests.contract.sagemaker_jobs.test_processing_jobs import job
from tests.contract.sagemaker_jobs.test_training_jobs import execute
from tests.contract.stepfunctions.test_executions import machine


def refused(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call()
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]


@pytest.fixture
def sagemaker(cloud: Cloud) -> Any:
    return boto3.client("sagemaker")


# By the models: boto3 itself lets all of these pass.


def test_a_word_of_an_entrypoint_has_256_characters(sagemaker: Any) -> None:
    asked = job("p")
    asked["AppSpecification"]["ContainerEntrypoint"] = ["/bin/sh", "-c", "x" * 257]
    code, message = refused(lambda: sagemaker.create_processing_job(**asked))
    assert code == "ValidationException"
    assert message.startswith("1 validation error detected: Value 'xxx")
    assert "at 'appSpecification.containerEntrypoint.3.member'" in message
    assert message.endswith("Member must have length less than or equal to 256")


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"ProcessingJobName": "a_b"},
         "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"),
        ({"ProcessingJobName": "a" * 64}, "processingJobName"),
        ({"Environment": {"1A": "x"}}, "at 'environment.key' failed"),
        ({"Environment": {"A": "x" * 257}}, "at 'environment.A.member' failed"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 777_601}},
         "Member must have value less than or equal to 777600"),
        ({"RoleArn": "the role of a processing job"}, "at 'roleArn' failed"),
    ],
)  # fmt: skip
def test_names_lengths_ranges_and_patterns_are_sagemakers(
    sagemaker: Any, change: dict[str, Any], answer: str
) -> None:
    code, message = refused(lambda: sagemaker.create_processing_job(**{**job("p"), **change}))
    assert code == "ValidationException"
    assert answer in message


def test_limits_are_pinned_at_equality(sagemaker: Any) -> None:
    asked = job("a" * 63)
    asked["Environment"] = {"UNIT": "x" * 256}
    asked["AppSpecification"]["ContainerEntrypoint"] = ["x" * 256]
    sagemaker.create_processing_job(**asked)


def by_bare_http(
    cloud: Cloud, body: bytes, target: str = "SageMaker.CreateProcessingJob"
) -> dict[str, Any]:
    """Return what the AWS port answers to a client that checks nothing itself."""
    headers = {
        "X-Amz-Target": target,
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261128/us-east-1/"
        f"{target.partition('.')[0].partition('_')[0].lower()}/aws4_request, "
        "SignedHeaders=host, Signature=0",
    }
    request = urllib.request.Request(f"http://127.0.0.1:{cloud.serve_aws(0)}/", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return {"status": response.status, **json.loads(response.read())}
    except urllib.error.HTTPError as error:
        return {"status": error.code, **json.loads(error.read())}


def with_serverless(**serverless: Any) -> dict[str, Any]:
    variant = {"VariantName": "v", "ModelName": "m", "ServerlessConfig": serverless}
    return {"EndpointConfigName": "c", "ProductionVariants": [variant]}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (with_serverless(MemorySizeInMB="2048", MaxConcurrency=1),
         "Integer at 'productionVariants.1.member.serverlessConfig.memorySizeInMB'"),
        (with_serverless(MemorySizeInMB=2048, MaxConcurrency=True),
         "TRUE_VALUE cannot be converted to Integer"),
        (with_serverless(MemorySizeInMB=2048, MaxConcurrency=2.5),
         "DECIMAL_VALUE cannot be converted to Integer"),
        ({"EndpointConfigName": "c", "ProductionVariants": {"a": 1}},
         "Start of structure or map found where not expected at 'productionVariants'"),
        ({"EndpointConfigName": 5, "ProductionVariants": []},
         "NUMBER_VALUE cannot be converted to String at 'endpointConfigName'"),
        ({"EndpointConfigName": "c", "ProductionVariants": ["v"]}, "Unexpected field type"),
        ({"EndpointConfigName": "c", "ProductionVariants": "v"}, "Unexpected field type"),
        ({"EndpointConfigName": ["c"], "ProductionVariants": []},
         "Unrecognized collection type class java.lang.String"),
        ([], "Unexpected value type in payload"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_a_serialization_exception(
    cloud: Cloud, asked: Any, message: str
) -> None:
    answer = by_bare_http(cloud, json.dumps(asked).encode(), "SageMaker.CreateEndpointConfig")
    assert (answer["status"], answer["__type"]) == (400, "SerializationException")
    assert message in answer["message"]


def test_a_number_for_the_text_of_a_map_is_a_serialization_exception(cloud: Cloud) -> None:
    asked = json.dumps({**job("p"), "Environment": {"n": 5}}).encode()
    answer = by_bare_http(cloud, asked)
    wrong = "NUMBER_VALUE cannot be converted to String at 'environment.n.member'"
    assert answer["message"] == wrong


def test_an_attribute_of_an_item_has_its_type(cloud: Cloud) -> None:
    make_table()
    item = {"clientId": {"S": "c"}, "predictionId": {"S": "p"}, "deep": {"M": {"n": {"N": 5}}}}
    asked = json.dumps({"TableName": "decisions", "Item": item}).encode()
    answer = by_bare_http(cloud, asked, "DynamoDB_20120810.PutItem")
    assert answer["__type"] == "SerializationException"
    assert "NUMBER_VALUE cannot be converted to String" in answer["message"]


def test_members_that_no_json_protocol_knows_are_ignored(cloud: Cloud) -> None:
    asked = json.dumps({**job("p"), "Nonsense": {"a": [1]}, "Tags": None}).encode()
    assert by_bare_http(cloud, asked)["status"] == 200


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"Nonsense": 1}, 'The field "Nonsense" is not supported by Step Functions'),
        ({"Environment": {"n": 5}}, "The value for the field 'n' must be a STRING"),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": "60"}},
         "The value for the field 'MaxRuntimeInSeconds' must be an INTEGER"),
        ({"AppSpecification": None}, "The field 'AppSpecification' is required but was missing"),
    ],
)  # fmt: skip
def test_a_machine_s_fields_are_those_of_the_api(
    cloud: Cloud, change: dict[str, Any], fault: str
) -> None:
    """By its definition when it is created, by its input before the call."""
    resource = "arn:aws:states:::sagemaker:createProcessingJob.sync"
    asked = {**job("p"), **change}
    task: Any = {"Type": "Task", "Resource": resource, "Parameters": asked, "End": True}
    written = {"StartAt": "Work", "States": {"Work": task}}
    code, message = refused(lambda: machine(written, "STANDARD"))
    assert code == "InvalidDefinition"
    assert message == (
        f"Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {fault} "
        "at /States/Work/Parameters'"
    )

    task["Parameters"] = {f"{name}.$": f"$.{name}" for name in asked if name != "RoleArn"}
    task["Parameters"]["RoleArn"] = asked["RoleArn"]  # moto passes RoleArn.$ on as it is
    if "Nonsense" not in change:
        ended = execute(cloud, written, **{**job("p"), **change})
        assert ended["error"] == "States.Runtime"
        assert ended["cause"].endswith(f"could not be used to start the Task: [{fault}]")


def test_the_fields_of_an_sdk_integration_are_held_to_the_api_before_the_call(cloud: Cloud) -> None:
    asked = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": "m", "Subject": 1}
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sns:publish", "End": True}
    written = {"StartAt": "Work", "States": {"Work": {**task, "Parameters": asked}}}
    ended = execute(cloud, written)
    assert ended["error"] == "States.Runtime"
    assert ended["cause"].endswith("[The value for the field 'Subject' must be a STRING]")


def test_a_body_that_is_no_json_is_a_serialization_exception(cloud: Cloud) -> None:
    assert by_bare_http(cloud, b"{")["__type"] == "SerializationException"


def test_an_enumeration_is_checked_for_a_client_that_is_not_boto3(cloud: Cloud) -> None:
    """An instance type that is none, and a role that is left out."""
    asked = job("p")
    asked["ProcessingResources"]["ClusterConfig"]["InstanceType"] = "ml.m5.tiny"
    del asked["RoleArn"]
    answer = by_bare_http(cloud, json.dumps(asked).encode())
    assert answer["__type"] == "ValidationException"
    assert "Value 'ml.m5.tiny'" in answer["message"]
    assert "Member must satisfy enum value set: [ml.t3.medium" in answer["message"]
    assert (
        "Value null at 'roleArn' failed to satisfy constraint: Member must not be null"
        in (answer["message"])
    )


def test_a_state_machine_s_own_requests_are_validated_too(sagemaker: Any, cloud: Cloud) -> None:
    asked = job("a_b")
    task = {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync",
            "Parameters": asked, "End": True}  # fmt: skip
    ended = execute(cloud, {"StartAt": "Work", "States": {"Work": task}})
    assert ended["error"] == "SageMaker.AmazonSageMakerException"
    assert "at 'processingJobName' failed to satisfy constraint" in ended["cause"]


def test_the_sdk_integration_of_a_state_machine_is_validated(cloud: Cloud, role: str) -> None:
    make_table()
    topic = boto3.client("sns").create_topic(Name="notices")["TopicArn"]
    task = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True,
            "Parameters": {"TopicArn": topic, "Subject": "línea", "Message": "x"}}  # fmt: skip
    ended = execute(cloud, {"StartAt": "Tell", "States": {"Tell": task}})
    assert ended["status"] == "FAILED"
    assert "Invalid parameter: Subject" in ended["cause"]


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("dynamodb", lambda client: client.describe_table(TableName="x" * 1025),
         "ValidationException"),
        ("stepfunctions", lambda client: client.describe_execution(executionArn="x" * 257),
         "ValidationException"),
        ("lambda", lambda client: client.get_function(FunctionName="a b"), "ValidationException"),
        ("events", lambda client: client.put_rule(Name="a b", ScheduleExpression="rate(1 day)"),
         "ValidationException"),
        ("logs", lambda client: client.create_log_group(logGroupName="a b"),
         "InvalidParameterException"),
        ("iam", lambda client: client.create_role(RoleName="a b", AssumeRolePolicyDocument="{}"),
         "ValidationError"),
        ("sts", lambda client: client.assume_role(RoleArn=ROLE, RoleSessionName="a b"),
         "ValidationError"),
        ("ssm", lambda client: client.put_parameter(Name="a", Value="1", Type="String",
                                                    AllowedPattern="x" * 1025),
         "ValidationException"),
        ("cloudformation", lambda client: client.create_change_set(StackName="s",
                                                                   ChangeSetName="a b"),
         "ValidationError"),
        ("sagemaker-runtime", lambda client: client.invoke_endpoint(EndpointName="a_b", Body=b"1"),
         "ValidationError"),
        ("service-quotas", lambda client: client.list_service_quotas(ServiceCode="1"),
         "ValidationException"),
    ],
)  # fmt: skip
def test_each_service_refuses_in_its_own_code(
    cloud: Cloud, service: str, call: Callable[[Any], Any], code: str
) -> None:
    answer = refused(lambda: call(boto3.client(service)))
    assert answer[0] == code
    assert "validation error detected" in answer[1]


# What moto itself refuses as AWS does: these tests say when it no longer would.


def test_an_item_has_400_kb(cloud: Cloud) -> None:
    make_table()
    item = {"clientId": {"S": "c"}, "predictionId": {"S": "p"}, "body": {"S": "x" * 409_600}}
    dynamodb = boto3.client("dynamodb")
    code, message = refused(lambda: dynamodb.put_item(TableName="decisions", Item=item))
    assert (code, message) == ("ValidationException",
                               "Item size has exceeded the maximum allowed size")  # fmt: skip


def test_an_index_is_not_read_consistently(cloud: Cloud) -> None:
    attributes: Any = [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "day")]
    index: Any = {
        "IndexName": "byDay",
        "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="rows", AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], GlobalSecondaryIndexes=[index],
    )  # fmt: skip
    message = refused(
        lambda: dynamodb.query(
            TableName="rows", IndexName="byDay", KeyConditionExpression="#d = :d",
            ExpressionAttributeNames={"#d": "day"}, ExpressionAttributeValues={":d": {"S": "x"}},
            ConsistentRead=True,
        )
    )[1]  # fmt: skip
    assert message == "Consistent reads are not supported on global secondary indexes"


@pytest.mark.parametrize(("size", "status"), [(262_000, "SUCCEEDED"), (262_145, "FAILED")])
def test_the_data_of_a_state_have_256_kb(cloud: Cloud, size: int, status: str) -> None:
    """262,144 bytes; moto counts what wraps a function's answer, too."""
    cloud.add_function("f", lambda event, context: "x" * (size - 2), role_arn=ROLE)
    arn = f"arn:aws:lambda:us-east-1:{ROLE.split(':')[4]}:function:f"
    task = {"Type": "Task", "Resource": arn, "End": True}
    ended = execute(cloud, {"StartAt": "Work", "States": {"Work": task}})
    assert ended["status"] == status
    assert ended.get("error") == (None if status == "SUCCEEDED" else "States.DataLimitExceeded")
