"""What AWS refuses is refused here: by the services' own models, and by rules that none states."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.aws_rules import RULES
from localcloud.cloud import Cloud
from tests.contract.conftest import ROLE, make_model, make_table
from tests.contract.test_executions import machine
from tests.contract.test_processing_jobs import job
from tests.contract.test_training_jobs import execute


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


def by_bare_http(cloud: Cloud, body: bytes) -> dict[str, Any]:
    """What the AWS port answers to a client that checks nothing itself."""
    headers = {
        "X-Amz-Target": "SageMaker.CreateProcessingJob",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261128/us-east-1/"
        "sagemaker/aws4_request, SignedHeaders=host, Signature=0",
    }
    request = urllib.request.Request(f"http://127.0.0.1:{cloud.serve_aws(0)}/", body, headers)
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, timeout=20)
    assert error.value.code == 400
    return dict(json.loads(error.value.read()))


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


# By the rules that no model states. The name of each is its row in aws_rules.


def config(name: str, variants: int = 1, **serverless: int) -> Callable[[], Any]:
    one: Any = {"ModelName": name, "ServerlessConfig": serverless}
    return lambda: boto3.client("sagemaker").create_endpoint_config(
        EndpointConfigName=f"{name}-serverless",
        ProductionVariants=[{**one, "VariantName": f"v{number}"} for number in range(variants)],
    )


def isolated() -> Callable[[], Any]:
    make_model("m")
    boto3.client("sagemaker").create_model(
        ModelName="isolated", ExecutionRoleArn=ROLE, EnableNetworkIsolation=True,
        PrimaryContainer={"Image": "sklearn", "ModelDataUrl": "s3://models/m/model.tar.gz"},
    )  # fmt: skip
    return config("isolated", MemorySizeInMB=1024, MaxConcurrency=1)


def to_serverless() -> Callable[[], Any]:
    make_model("m")
    sagemaker = boto3.client("sagemaker")
    config("m", MemorySizeInMB=1024, MaxConcurrency=1)()
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="m")
    return lambda: sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="m-serverless")


def function(**variables: str) -> Callable[[], Any]:
    return lambda: boto3.client("lambda").create_function(
        FunctionName="f", Role=ROLE, Runtime="python3.12", Handler="app.app",
        Code={"ZipFile": b"PK"}, Environment={"Variables": variables},
    )  # fmt: skip


def invoking(size: int, kind: str) -> Callable[[], Any]:
    return lambda: boto3.client("lambda").invoke(
        FunctionName="f", InvocationType=kind, Payload=b'"' + b"x" * (size - 2) + b'"'
    )


def starting(**more: Any) -> Callable[[], Any]:
    done = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    arn = machine(done)
    return lambda: boto3.client("stepfunctions").start_execution(stateMachineArn=arn, **more)


def publishing(subject: str) -> Callable[[], Any]:
    sns = boto3.client("sns")
    topic = sns.create_topic(Name="notices")["TopicArn"]
    return lambda: sns.publish(TopicArn=topic, Subject=subject, Message="x")


def storing(metadata: int) -> Callable[[], Any]:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="loans")
    return lambda: s3.put_object(
        Bucket="loans", Key="k", Body=b"", Metadata={"a": "x" * (metadata - 1)}
    )


def rule(length: int) -> Callable[[], Any]:
    pattern = json.dumps({"source": ["x"]})
    padded = pattern[:-1] + " " * (length - len(pattern)) + "}"
    return lambda: boto3.client("events").put_rule(Name="r", EventPattern=padded)


def event(size: int) -> Callable[[], Any]:
    entry: Any = {"Source": "s", "DetailType": "t", "Detail": json.dumps({"x": "x" * (size - 11)})}
    return lambda: boto3.client("events").put_events(Entries=[entry])


def template(size: int) -> Callable[[], Any]:
    topic = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}
    body = json.dumps(topic)
    return lambda: boto3.client("cloudformation").create_stack(
        StackName="s", TemplateBody=body + " " * (size - len(body))
    )


def parameter(length: int) -> Callable[[], Any]:
    return lambda: boto3.client("ssm").put_parameter(Name="p", Value="x" * length, Type="String")


def policy(length: int) -> Callable[[], Any]:
    kept = boto3.client("iam").get_role_policy(RoleName="role", PolicyName="all")["PolicyDocument"]
    used = len("".join(json.dumps(kept).split()))
    allow = {"Sid": "", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document: Any = {"Version": "2012-10-17", "Statement": [allow]}
    allow["Sid"] = "x" * (length - used - len("".join(json.dumps(document).split())))
    padded = json.dumps(document)
    return lambda: boto3.client("iam").put_role_policy(
        RoleName="role", PolicyName="more", PolicyDocument=padded
    )


MEGABYTE = 1 << 20
BROKEN: list[tuple[str, Callable[[], Callable[[], Any]], str, str]] = [
    ("serverless memory in steps of 1024 MB",
     lambda: config("m", MemorySizeInMB=1500, MaxConcurrency=1), "ValidationException",
     "enum value set: [1024, 2048"),
    ("provisioned concurrency is at most the concurrency",
     lambda: config("m", MemorySizeInMB=1024, MaxConcurrency=1, ProvisionedConcurrency=2),
     "ValidationException", "less than or equal to MaxConcurrency 1"),
    ("no serverless endpoint with network isolation", isolated, "ValidationException",
     "Network isolation is not supported for Serverless Inference"),
    ("a serverless endpoint has one variant",
     lambda: config("m", 2, MemorySizeInMB=1024, MaxConcurrency=1), "ValidationException",
     "more than one production variant"),
    ("no update from instances to serverless", to_serverless, "ValidationException",
     "real-time inference endpoint to a serverless endpoint is not supported"),
    ("characters of execution and machine names", lambda: starting(name="a:b"), "InvalidName",
     "Invalid Name: 'a:b'"),
    ("input of an execution", lambda: starting(input=json.dumps("ñ" * 131_072, ensure_ascii=False)),
     "ValidationException", "less than or equal to 262144"),
    ("payload of an invocation", lambda: invoking(6 * MEGABYTE + 1, "RequestResponse"),
     "RequestEntityTooLargeException", "6291457 byte payload is too large"),
    ("payload of an invocation", lambda: invoking(MEGABYTE + 1, "Event"),
     "RequestEntityTooLargeException", "for the Event invocation type (limit 1048576 bytes)"),
    ("environment of a function", lambda: function(AA="x" * 4088),
     "InvalidParameterValueException", "exceeded the 4KB limit"),
    ("reserved variables of a function", lambda: function(AWS_REGION="us-east-1"),
     "InvalidParameterValueException", "Reserved keys used in this request: AWS_REGION"),
    ("subject of a notice", lambda: publishing("línea"), "InvalidParameter", "Subject"),
    ("subject of a notice", lambda: publishing("a\nb"), "InvalidParameter", "Subject"),
    ("subject of a notice", lambda: publishing("x" * 101), "InvalidParameter", "Subject"),
    ("size of an event pattern", lambda: rule(2049), "InvalidEventPatternException", "2048"),
    ("size of events", lambda: event(256 * 1024 + 1), "ValidationException", "262144"),
    ("size of a template", lambda: template(51_201), "ValidationError", "51200"),
    ("size of a parameter", lambda: parameter(4097), "ValidationException", "4096 characters"),
    ("inline policies of a role", lambda: policy(10_241), "LimitExceeded", "10240 bytes"),
    ("metadata of an object", lambda: storing(2049), "MetadataTooLarge", "metadata"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "code", "answer"), BROKEN)
def test_a_rule_that_no_model_states(
    cloud: Cloud, name: str, given: Callable[[], Callable[[], Any]], code: str, answer: str
) -> None:
    call = given()
    cloud.idle(20)
    answered, message = refused(call)
    assert answered == code, name
    assert answer in message, name


def test_each_rule_is_tested_and_names_its_source() -> None:
    assert {rule.name for rule in RULES} == {name for name, *_ in BROKEN}
    assert all(rule.source.startswith("https://docs.aws.amazon.com/") for rule in RULES)


@pytest.mark.parametrize(
    "given",
    [
        lambda: config("m", MemorySizeInMB=6144, MaxConcurrency=200, ProvisionedConcurrency=200),
        lambda: starting(name="a.b_c-(d)=@"),
        lambda: starting(input=json.dumps("x" * 262_142)),
        lambda: publishing("x" * 100),
        lambda: rule(2048),
        lambda: event(256 * 1024),
        lambda: template(51_200),
        lambda: parameter(4096),
        lambda: policy(10_240),
        lambda: storing(2048),
    ],
)
def test_what_is_just_within_a_rule_is_taken(
    cloud: Cloud, given: Callable[[], Callable[[], Any]]
) -> None:
    make_model("m")
    given()()


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
        TableName="t", AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], GlobalSecondaryIndexes=[index],
    )  # fmt: skip
    message = refused(
        lambda: dynamodb.query(
            TableName="t", IndexName="byDay", KeyConditionExpression="#d = :d",
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
