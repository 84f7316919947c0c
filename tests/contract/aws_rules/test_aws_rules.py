"""Each rule of `localcloud.aws_rules`: what breaks it is refused in AWS's words, and what is just
within it is taken."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from localcloud.aws_rules import RULES
from localcloud.cloud import Cloud
from tests.contract.conftest import ROLE, document, make_model, tar_gz, trust
from tests.contract.sagemaker_jobs import test_processing_jobs, test_training_jobs
from tests.contract.stepfunctions.test_executions import machine
from tests.contract.strictness.test_strictness import refused

MEGABYTE = 1 << 20
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
SERVERLESS: dict[str, Any] = {"MemorySizeInMB": 1024, "MaxConcurrency": 1}
TAGS_TWICE = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
Given = Callable[[], Callable[[], Any]]
"""Prepares the account, and returns the request."""


def make_m() -> None:
    """Make model m and its configuration on an instance, unless they are there."""
    if not boto3.client("sagemaker").list_models(NameContains="m")["Models"]:
        make_model("m")


def config(name: str, variants: int = 1, **serverless: int) -> Callable[[], Any]:
    one: Any = {"ModelName": name, "ServerlessConfig": serverless}
    return lambda: boto3.client("sagemaker").create_endpoint_config(
        EndpointConfigName=f"{name}-serverless",
        ProductionVariants=[{**one, "VariantName": f"v{number}"} for number in range(variants)],
    )


def configured(variant: dict[str, Any] | None = None, **more: Any) -> Callable[[], Any]:
    """One variant of model m; serverless unless `variant` says otherwise."""
    given: Any = {"VariantName": "v", "ModelName": "m"} | (
        {"ServerlessConfig": SERVERLESS} if variant is None else variant
    )
    return lambda: boto3.client("sagemaker").create_endpoint_config(
        EndpointConfigName="c", ProductionVariants=[given], **more
    )


def model(name: str, environment: dict[str, str] | None = None, **more: Any) -> Callable[[], Any]:
    make_m()
    container: Any = {"Image": "sklearn", "ModelDataUrl": "s3://models/m/model.tar.gz"}
    container |= {"Environment": environment or {}} | more.pop("container", {})
    return lambda: boto3.client("sagemaker").create_model(
        **({"ModelName": name, "ExecutionRoleArn": ROLE, "PrimaryContainer": container} | more)
    )


def isolated() -> Callable[[], Any]:
    model("isolated", EnableNetworkIsolation=True)()
    return config("isolated", MemorySizeInMB=1024, MaxConcurrency=1)


def in_a_vpc() -> Callable[[], Any]:
    model("private", VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]})()
    return config("private", MemorySizeInMB=1024, MaxConcurrency=1)


def environment_of(size: int) -> Callable[[], Any]:
    """32 variables, each of 3 bytes for its name."""
    values = [1021] * 31 + [size - 31 * 1024 - 3]
    return model("e", {f"v{number:02}": "x" * each for number, each in enumerate(values)})


def image(tag: str) -> Callable[[], Any]:
    ecr = boto3.client("ecr")
    ecr.create_repository(repositoryName="models")
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {}, "layers": []})
    ecr.put_image(repositoryName="models", imageTag="1", imageManifest=manifest)
    address = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/models:{tag}"
    return model("own", container={"Image": address})


def to_serverless() -> Callable[[], Any]:
    make_m()
    sagemaker = boto3.client("sagemaker")
    config("m", MemorySizeInMB=1024, MaxConcurrency=1)()
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="m")
    return lambda: sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="m-serverless")


def asking(size: int) -> Callable[[], Any]:
    """A serverless endpoint, which is asked with a body of so many bytes."""
    inference = "def model_fn(model_dir):\n    return 0\ndef input_fn(body, content_type):\n"
    inference += "    return 0\ndef predict_fn(loan, model):\n    return 0\n"
    inference += "def output_fn(prediction, accept):\n    return '0', 'application/json'\n"
    make_model("zero", inference=inference)
    config("zero", MemorySizeInMB=1024, MaxConcurrency=1)()
    sagemaker = boto3.client("sagemaker")
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="zero-serverless")
    sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName="e", WaiterConfig={"Delay": 0, "MaxAttempts": 10_000}
    )
    return lambda: boto3.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="e", Body=b"1" * size, ContentType="application/json"
    )


def training(**change: Any) -> Callable[[], Any]:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    source = tar_gz({"train.py": test_training_jobs.TRAIN})
    s3.put_object(Bucket="data", Key="source.tar.gz", Body=source)
    s3.put_object(Bucket="data", Key="train/loans.csv", Body=b"84 120")
    asked: Any = test_training_jobs.job("t") | change
    return lambda: boto3.client("sagemaker").create_training_job(**asked)


def processing(**change: Any) -> Callable[[], Any]:
    test_processing_jobs.put_data()
    asked: Any = test_processing_jobs.job("p") | change
    return lambda: boto3.client("sagemaker").create_processing_job(**asked)


def of_ec2() -> str:
    """A role that no service of ours may assume."""
    boto3.client("iam").create_role(
        RoleName="of-ec2", AssumeRolePolicyDocument=document(trust("ec2"))
    )
    return ROLE.replace("role/role", "role/of-ec2")


def machine_under(role: str) -> Callable[[], Any]:
    return lambda: boto3.client("stepfunctions").create_state_machine(
        name="m", roleArn=role, definition=json.dumps(DONE)
    )


def rule_under(role: str) -> Callable[[], Any]:
    return lambda: boto3.client("events").put_rule(
        Name="r", ScheduleExpression="rate(1 day)", RoleArn=role
    )


def target(arn: str, **more: Any) -> Callable[[], Any]:
    schedule("rate(1 day)")()
    given: Any = {"Id": "t", "Arn": arn, **more}
    return lambda: boto3.client("events").put_targets(Rule="r", Targets=[given])


def schedule_under(role: str) -> Callable[[], Any]:
    return lambda: boto3.client("scheduler").create_schedule(
        Name="s", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": FUNCTION, "RoleArn": role},
    )  # fmt: skip


def spot(enabled: bool, **stopping: Any) -> Callable[[], Any]:
    return training(EnableManagedSpotTraining=enabled, StoppingCondition=stopping)


def function(variables: dict[str, str] | None = None, **more: Any) -> Callable[[], Any]:
    asked: Any = {"FunctionName": "f", "Role": ROLE, "Runtime": "python3.12", "Handler": "app.app",
                  "Code": {"ZipFile": b"PK"}}  # fmt: skip
    asked |= {"Environment": {"Variables": variables or {}}} | more
    return lambda: boto3.client("lambda").create_function(**asked)


def layers(number: int) -> Callable[[], Any]:
    arns = [
        boto3.client("lambda").publish_layer_version(
            LayerName=f"l{one}", Content={"ZipFile": b"PK"}
        )["LayerVersionArn"]
        for one in range(number)
    ]
    return function(Layers=arns)


def invoking(size: int, kind: str) -> Callable[[], Any]:
    return lambda: boto3.client("lambda").invoke(
        FunctionName="f", InvocationType=kind, Payload=b'"' + b"x" * (size - 2) + b'"'
    )


DONE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


def starting(**more: Any) -> Callable[[], Any]:
    arn = machine(DONE)
    return lambda: boto3.client("stepfunctions").start_execution(stateMachineArn=arn, **more)


def started_express(action: str) -> Callable[[], Any]:
    arn, client = machine(DONE), boto3.client("stepfunctions")
    started = client.start_execution(stateMachineArn=arn)["executionArn"]
    return lambda: getattr(client, action)(executionArn=started)


def listed_express() -> Callable[[], Any]:
    arn = machine(DONE)
    return lambda: boto3.client("stepfunctions").list_executions(stateMachineArn=arn)


def task(resource: str, kind: str = "EXPRESS") -> Callable[[], Any]:
    """A machine whose one task is in a branch of a Parallel state."""
    inner = {"StartAt": "Wait", "States": {
        "Wait": {"Type": "Task", "Resource": resource, "End": True}}}  # fmt: skip
    outer = {"Type": "Parallel", "Branches": [inner], "End": True}
    return lambda: machine({"StartAt": "All", "States": {"All": outer}}, kind)


def updated_to_wait() -> Callable[[], Any]:
    arn = machine(DONE)
    waiting = {"Type": "Task", "End": True, "Parameters": {},
               "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}  # fmt: skip
    definition = json.dumps({"StartAt": "Wait", "States": {"Wait": waiting}})
    return lambda: boto3.client("stepfunctions").update_state_machine(
        stateMachineArn=arn, definition=definition
    )


def distributed(kind: str) -> Callable[[], Any]:
    mode = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    each = {"Type": "Map", "ItemProcessor": {"ProcessorConfig": mode, **DONE}, "End": True}
    return lambda: machine({"StartAt": "Each", "States": {"Each": each}}, kind)


def states(start: str, **named: dict[str, Any]) -> Callable[[], Any]:
    return lambda: machine({"StartAt": start, "States": named})


def caught(field: str, *errors: list[str]) -> Callable[[], Any]:
    """A task with a rule for each list of errors."""
    rules = [{"ErrorEquals": one} | ({"Next": "B"} if field == "Catch" else {}) for one in errors]
    ends: dict[str, Any] = {"B": END} if field == "Catch" else {}
    return states("A", A={**TASK, field: rules}, **ends)


def timed(seconds: int) -> Callable[[], Any]:
    return states("A", A={**TASK, "TimeoutSeconds": seconds})


def limited(seconds: int) -> Callable[[], Any]:
    return lambda: machine({**DONE, "TimeoutSeconds": seconds})


def publishing(subject: str | None, message: str = "x") -> Callable[[], Any]:
    sns = boto3.client("sns")
    topic = sns.create_topic(Name="notices")["TopicArn"]
    more: Any = {} if subject is None else {"Subject": subject}
    return lambda: sns.publish(TopicArn=topic, Message=message, **more)


def storing(metadata: int) -> Callable[[], Any]:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="loans")
    return lambda: s3.put_object(
        Bucket="loans", Key="k", Body=b"", Metadata={"a": "x" * (metadata - 1)}
    )


def summed(sha256: str) -> Callable[[], Any]:
    boto3.client("s3").create_bucket(Bucket="loans")
    return lambda: boto3.client("s3").put_object(
        Bucket="loans", Key="k", Body=b"loans", ChecksumSHA256=sha256
    )


def matching(**pattern: Any) -> Callable[[], Any]:
    return lambda: boto3.client("events").put_rule(Name="r", EventPattern=json.dumps(pattern))


def pattern(length: int) -> Callable[[], Any]:
    text = json.dumps({"source": ["x"]})
    padded = text[:-1] + " " * (length - len(text)) + "}"
    return lambda: boto3.client("events").put_rule(Name="r", EventPattern=padded)


def schedule(expression: str) -> Callable[[], Any]:
    return lambda: boto3.client("events").put_rule(Name="r", ScheduleExpression=expression)


def targets(number: int) -> Callable[[], Any]:
    """The last of so many targets; the others are there."""
    schedule("rate(1 day)")()
    events, ids = boto3.client("events"), [f"t{one}" for one in range(number)]
    events.put_targets(Rule="r", Targets=[{"Id": one, "Arn": FUNCTION} for one in ids[:-1]])
    return lambda: events.put_targets(Rule="r", Targets=[{"Id": ids[-1], "Arn": FUNCTION}])


def event(size: int) -> Callable[[], Any]:
    entry: Any = {"Source": "s", "DetailType": "t", "Detail": json.dumps({"x": "x" * (size - 11)})}
    return lambda: boto3.client("events").put_events(Entries=[entry])


def stack(body: str, *capabilities: Any) -> Callable[[], Any]:
    return lambda: boto3.client("cloudformation").create_stack(
        StackName="s", TemplateBody=body, Capabilities=capabilities
    )


def template(size: int) -> Callable[[], Any]:
    body = json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}})
    return stack(body + " " * (size - len(body)))


def resources(number: int) -> Callable[[], Any]:
    topic = {"Type": "AWS::SNS::Topic"}
    return stack(json.dumps({"Resources": {f"T{one}": topic for one in range(number)}}))


ROLE_OF_A_STACK = """
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Role:
    Type: AWS::IAM::Role
    Properties:
      %s
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}
Outputs:
  Arn: {Value: !GetAtt Role.Arn}
"""


def stack_of_a_role(*capabilities: Any, named: bool) -> Callable[[], Any]:
    return stack(ROLE_OF_A_STACK % ("RoleName: mine" if named else ""), *capabilities)


def named_stack(name: str) -> Callable[[], Any]:
    body = json.dumps({"Resources": {"It": {"Type": "AWS::SNS::Topic"}}})
    return lambda: boto3.client("cloudformation").create_stack(StackName=name, TemplateBody=body)


def of_template(sections: dict[str, Any]) -> Callable[[], Any]:
    return stack(json.dumps({"Resources": {"It": {"Type": "AWS::SNS::Topic"}}, **sections}))


def of_resource(resource: dict[str, Any]) -> Callable[[], Any]:
    return stack(json.dumps({"Resources": {"It": resource}}))


def of_topic(**attributes: Any) -> Callable[[], Any]:
    return of_resource({"Type": "AWS::SNS::Topic", **attributes})


def properties(name: Any) -> dict[str, Any]:
    return {"Properties": {"TopicName": name}}


def parameter(length: int = 1, name: str = "p") -> Callable[[], Any]:
    return lambda: boto3.client("ssm").put_parameter(Name=name, Value="x" * length, Type="String")


def statement(**change: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"} | change


def inline(**change: Any) -> Callable[[], Any]:
    return lambda: boto3.client("iam").put_role_policy(
        RoleName="role", PolicyName="more", PolicyDocument=document(statement(**change))
    )


def stack_of_a_policy(**change: Any) -> Callable[[], Any]:
    """A role with an inline policy, as the template of a stack; raises why it was rolled back."""
    written = {"Version": "2012-10-17", "Statement": [statement(**change)]}
    trusting = {"Version": "2012-10-17", "Statement": [trust("lambda")]}
    properties = {"AssumeRolePolicyDocument": trusting,
                  "Policies": [{"PolicyName": "p", "PolicyDocument": written}]}  # fmt: skip
    body = json.dumps({"Resources": {"It": {"Type": "AWS::IAM::Role", "Properties": properties}}})
    return stack(body, "CAPABILITY_IAM")


def trusting(**statement: Any) -> Callable[[], Any]:
    given: Any = {"Effect": "Allow", "Action": "sts:AssumeRole", **statement}
    return lambda: boto3.client("iam").create_role(
        RoleName="trusting", AssumeRolePolicyDocument=document(given)
    )


def policy(length: int) -> Callable[[], Any]:
    kept = boto3.client("iam").get_role_policy(RoleName="role", PolicyName="all")["PolicyDocument"]
    used = len("".join(json.dumps(kept).split()))
    allow = {"Sid": "", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    written: Any = {"Version": "2012-10-17", "Statement": [allow]}
    allow["Sid"] = "x" * (length - used - len("".join(json.dumps(written).split())))
    padded = json.dumps(written)
    return lambda: boto3.client("iam").put_role_policy(
        RoleName="role", PolicyName="more", PolicyDocument=padded
    )


def table() -> Any:
    names: Any = [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "day")]
    index: Any = {"IndexName": "byDay", "Projection": {"ProjectionType": "ALL"},
                  "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}]}  # fmt: skip
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="rows", AttributeDefinitions=names, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], GlobalSecondaryIndexes=[index],
    )  # fmt: skip
    return dynamodb


def attributes(*names: str, index: str | None = None) -> Callable[[], Any]:
    """A table of those attributes, whose key is the first."""
    asked: Any = {
        "TableName": "rows", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": names[0], "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": one, "AttributeType": "S"} for one in names],
    }  # fmt: skip
    if index:
        key = [{"AttributeName": index, "KeyType": "HASH"}]
        asked["GlobalSecondaryIndexes"] = [
            {"IndexName": "byKey", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
        ]
    return lambda: boto3.client("dynamodb").create_table(**asked)


def named_table(name: str) -> Callable[[], Any]:
    return lambda: boto3.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip


def item(**more: Any) -> Callable[[], Any]:
    dynamodb = table()
    return lambda: dynamodb.put_item(TableName="rows", Item={"id": {"S": "a"}, **more})


def in_a_batch(**more: Any) -> Callable[[], Any]:
    dynamodb, written = table(), {"id": {"S": "a"}, **more}
    requests: Any = {"rows": [{"PutRequest": {"Item": written}}]}
    return lambda: dynamodb.batch_write_item(RequestItems=requests)


def in_a_transaction(**more: Any) -> Callable[[], Any]:
    dynamodb, written = table(), {"id": {"S": "a"}, **more}
    requests: Any = [{"Put": {"TableName": "rows", "Item": written}}]
    return lambda: dynamodb.transact_write_items(TransactItems=requests)


def update(expression: str, value: Any) -> Callable[[], Any]:
    dynamodb = table()
    return lambda: dynamodb.update_item(
        TableName="rows", Key={"id": {"S": "a"}}, UpdateExpression=expression,
        ExpressionAttributeValues={":v": value},
        **({"ExpressionAttributeNames": {"#d": "day"}} if "#d" in expression else {}),
    )  # fmt: skip


def nested(levels: int) -> Any:
    value: Any = {"S": "x"}
    for _ in range(levels - 1):
        value = {"M": {"a": value}}
    return value


def expression(size: int) -> Callable[[], Any]:
    text = "SET #d = :v"
    return update(text + " " * (size - len(text)), {"S": "2026-11-28"})


def retention(days: int) -> Callable[[], Any]:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="g")
    return lambda: logs.put_retention_policy(logGroupName="g", retentionInDays=days)


def alarm(period: int = 60, **change: Any) -> Callable[[], Any]:
    """`change`: parameters, or None for one that is left out."""
    asked: Any = {
        "AlarmName": "a", "MetricName": "m", "Namespace": "n", "Period": period,
        "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
        "Statistic": "Sum",
    } | change  # fmt: skip
    given = {name: value for name, value in asked.items() if value is not None}
    return lambda: boto3.client("cloudwatch").put_metric_alarm(**given)


def of_expression(**change: Any) -> Callable[[], Any]:
    queries = [{"Id": "a", "MetricStat": {"Metric": {"MetricName": "m", "Namespace": "n"},
                                          "Period": 60, "Stat": "Sum"}}]  # fmt: skip
    without: Any = dict.fromkeys(("MetricName", "Namespace", "Period", "Statistic"))
    return alarm(**({**without, "Metrics": queries} | change))


def metric(namespace: str) -> Callable[[], Any]:
    return lambda: boto3.client("cloudwatch").put_metric_data(
        Namespace=namespace, MetricData=[{"MetricName": "a", "Value": 1}]
    )


INVALID, LAMBDA = "ValidationException", "InvalidParameterValueException"
DEFINITION = "InvalidDefinition"
SYNC = "arn:aws:states:::sagemaker:createTrainingJob.sync"
SYNC_2 = "arn:aws:states:::states:startExecution.sync:2"
CALLBACK = "arn:aws:states:::lambda:invoke.waitForTaskToken"
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:read"
END: dict[str, Any] = {"Type": "Pass", "End": True}
TASK: dict[str, Any] = {"Type": "Task", "Resource": FUNCTION, "End": True}
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
CHANNEL = {"ChannelName": "train", "DataSource": {"S3DataSource": {
    "S3DataType": "S3Prefix", "S3Uri": "s3://data/train/"}}}  # fmt: skip
NOTHING = {"ChannelName": "train", "DataSource": {"S3DataSource": {
    "S3DataType": "S3Prefix", "S3Uri": "s3://data/nothing/"}}}  # fmt: skip

BROKEN: list[tuple[str, Given, str, str]] = [
    # Lambda
    ("payload of an invocation", lambda: invoking(6 * MEGABYTE + 1, "RequestResponse"),
     "RequestEntityTooLargeException", "6291457 byte payload is too large"),
    ("payload of an invocation", lambda: invoking(MEGABYTE + 1, "Event"),
     "RequestEntityTooLargeException", "for the Event invocation type (limit 1048576 bytes)"),
    ("environment of a function", lambda: function({"AA": "x" * 4088}), LAMBDA, "the 4KB limit"),
    ("reserved variables of a function", lambda: function({"AWS_REGION": "us-east-1"}), LAMBDA,
     "Reserved keys used in this request: AWS_REGION"),
    ("time-out of a function", lambda: function(Timeout=901), INVALID,
     "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less"),
    ("memory of a function", lambda: function(MemorySize=10_241), INVALID, "equal to 10240"),
    ("name of a function", lambda: function(FunctionName="f" * 65), INVALID,
     "Member must have length less than or equal to 64"),
    ("layers of a function", lambda: layers(6), LAMBDA, "more than 5 layers"),
    # CloudFormation
    ("size of a template", lambda: template(51_201), "ValidationError", "51200"),
    ("resources of a template", lambda: resources(501), "ValidationError", "greater than 500"),
    ("capabilities of a stack", lambda: stack_of_a_role("CAPABILITY_IAM", named=True),
     "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]"),
    ("capabilities of a stack", lambda: stack_of_a_role(named=False),
     "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]"),
    ("name of a stack", lambda: named_stack("1_a"), "ValidationError",
     "Value '1_a' at 'stackName'"),
    ("name of a stack", lambda: named_stack("a" * 129), "ValidationError", "equal to 128"),
    ("sections of a template", lambda: of_template({"Resurces": {}}), "ValidationError",
     "Invalid template property or properties [Resurces]"),
    ("attributes of a resource", lambda: of_topic(TopicName="t"), "ValidationError",
     "Invalid template resource property 'TopicName'"),
    ("attributes of a resource", lambda: of_resource({"Properties": {}}), "ValidationError",
     "[/Resources/It] Every Resources object must contain a Type member."),
    ("types of resources", lambda: of_resource({"Type": "AWS::SNS::Topik"}), "ValidationError",
     "Template format error: Unrecognized resource types: [AWS::SNS::Topik]"),
    ("policies of a resource", lambda: of_topic(DeletionPolicy="Keep"), "ValidationError",
     "Template format error: Unrecognized DeletionPolicy Keep for resource It"),
    ("policies of a resource", lambda: of_topic(DeletionPolicy={"Ref": "AWS::StackName"}),
     "ValidationError", "Template format error: Every DeletionPolicy member must be a string."),
    ("policies of a resource", lambda: of_topic(UpdateReplacePolicy="RetainExceptOnCreate"),
     "ValidationError", "Unrecognized UpdateReplacePolicy RetainExceptOnCreate for resource It"),
    *(("resources that a template refers to", lambda more=more: of_topic(**more), "ValidationError",
       "Template format error: Unresolved resource dependencies [Q] in the Resources block of the ")
      for more in ({"DependsOn": "Q"}, {"DependsOn": ["Q"]}, properties({"Ref": "Q"}),
                   properties({"Fn::GetAtt": ["Q", "Arn"]}), properties({"Fn::GetAtt": "Q.Arn"}),
                   properties({"Fn::Sub": "${Q.Arn}-${AWS::Region}"}),
                   properties({"Fn::Sub": ["${Q}${P}", {"P": "p"}]}))),
    ("resources that a template refers to",
     lambda: of_template({"Outputs": {"O": {"Value": {"Ref": "Q"}}}}), "ValidationError",
     "[Q] in the Outputs block of the template"),
    ("no resource that needs itself", lambda: of_topic(DependsOn="It"), "ValidationError",
     "Circular dependency between resources: [It]"),
    # CloudWatch
    ("retention of a log group", lambda: retention(2), "InvalidParameterException", "[1, 3, 5, 7"),
    ("period of an alarm", lambda: alarm(61), "ValidationError", "a multiple of 60"),
    ("statistic of an alarm", lambda: alarm(Statistic=None), "ValidationError",
     "either Statistic or ExtendedStatistic"),
    ("statistic of an alarm", lambda: alarm(ExtendedStatistic="p99"), "ValidationError",
     "either Statistic or ExtendedStatistic"),
    ("statistic of an alarm", lambda: alarm(MetricName=None), "ValidationError",
     "You must specify either MetricName or a Metrics array."),
    ("statistic of an alarm", lambda: of_expression(Statistic="Sum"), "ValidationError",
     "Statistic should not be set if list of Metrics is set."),
    ("namespace of a metric", lambda: metric("AWS/Lambda"), "InvalidParameterValue", "AWS/"),
    # DynamoDB
    ("name of a table", lambda: named_table("a!c"), INVALID,
     "Value 'a!c' at 'tableName' failed to satisfy constraint: Member must satisfy regular "),
    ("name of a table", lambda: named_table("a!"), INVALID,
     "TableName must be at least 3 characters long and at most 255 characters long"),
    ("name of a table", lambda: named_table("a" * 256), INVALID, "at most 255 characters long"),
    ("attributes of a table's keys", lambda: attributes("id", "amount"), INVALID,
     "Number of attributes in KeySchema does not exactly match"),
    ("attributes of a table's keys", lambda: attributes("id", "day", "amount", index="day"),
     INVALID, "AttributeDefinitions: [id, day, amount], keys used: [id, day]"),
    ("digits and range of a number", lambda: item(x={"N": "1" * 39}), INVALID,
     "more than 38 significant digits"),
    ("digits and range of a number", lambda: item(x={"L": [{"NS": ["1", "1e126"]}]}), INVALID,
     "Number overflow"),
    ("members of a set", lambda: item(x={"SS": ["a", "b", "a"]}), INVALID,
     "Input collection [a, b, a] contains duplicates."),
    ("members of a set", lambda: update("SET #d = :v", {"NS": ["1", "1.0"]}), INVALID,
     "Input collection [1, 1.0] contains duplicates."),
    ("nesting of a value", lambda: item(x=nested(33)), INVALID, "Nesting Levels have exceeded"),
    ("keys of an index", lambda: item(day={"N": "1"}), INVALID,
     "Type mismatch for Index Key day Expected: S Actual: N IndexName: byDay"),
    ("keys of an index", lambda: in_a_batch(day={"NULL": True}), INVALID,
     "Expected: S Actual: NULL IndexName: byDay"),
    ("keys of an index", lambda: in_a_transaction(day={"S": ""}), INVALID,
     "cannot contain an empty string value. IndexName: byDay, IndexKey: day"),
    ("keys of an index", lambda: update("SET x = :v, #d = if_not_exists(#d, :v)", {"N": "1"}),
     INVALID, "Expected: S Actual: N IndexName: byDay"),
    ("size of an expression", lambda: expression(4097), INVALID,
     "Expression size has exceeded the maximum allowed size; expression size: 4097"),
    # EventBridge
    *(("expression of a schedule", lambda text=text: schedule(text), INVALID,
       "Parameter ScheduleExpression is not valid.")
      for text in ("rate(1 days)", "rate(2 day)", "rate(0 days)", "rate(1.5 hours)",
                   "cron(0 3 ? * SUN)", "cron(0 3 * * SUN *)", "cron(0 3 ? * ? *)",
                   "cron(60 3 ? * SUN *)", "cron(*/60 * * * ? *)", "cron(0 3 ? * 0 *)",
                   "cron(0 24 ? * SUN *)", "cron(0 3 32 * ? *)", "cron(0 3 ? 13 SUN *)")),
    ("size of an event pattern", lambda: pattern(2049), "InvalidEventPatternException", "2048"),
    ("targets of a rule", lambda: targets(6), "LimitExceededException",
     "The requested resource exceeds the maximum number allowed."),
    *(("no empty object in an event pattern", lambda given=given: matching(**given),
       "InvalidEventPatternException", "Reason: Empty objects are not allowed")
      for given in ({}, {"source": ["a"], "detail": {}}, {"detail": {"status": {}}})),
    ("size of events", lambda: event(256 * 1024 + 1), INVALID, "262144"),
    # IAM, S3, SNS, Systems Manager
    ("inline policies of a role", lambda: policy(10_241), "LimitExceeded", "10240 bytes"),
    *(("grammar of an inline policy", lambda given=given: inline(**given),
       "MalformedPolicyDocument", words)
      for given, words in (
          ({"Action": "GetObject"}, "must be prefaced by a vendor"),
          ({"Action": []}, "Policy statement must contain actions."),
          ({"Resource": "loans"}, 'Resource loans must be in ARN format or "*".'),
          ({"Effect": "Maybe"}, "Syntax errors in policy."),
          ({"Verb": "s3:Get"}, "Syntax errors in policy."),
          ({"Condition": {"StringIs": {"aws:x": "y"}}}, "Syntax errors in policy."),
          ({"Principal": "*"}, "Policy document should not specify a principal."))),
    ("grammar of a trust policy", trusting, "MalformedPolicyDocument", "required field Principal"),
    ("grammar of a trust policy", lambda: trusting(Principal="*", Resource="*"),
     "MalformedPolicyDocument", "Has prohibited field Resource"),
    ("grammar of a trust policy", lambda: trusting(Principal="*", Action="s3:GetObject"),
     "MalformedPolicyDocument", "actions can only be sts:AssumeRole"),
    ("metadata of an object", lambda: storing(2049), "MetadataTooLarge", "metadata"),
    ("checksum of an object", lambda: summed("A" * 43 + "="), "BadDigest", "did not match"),
    ("subject of a notice", lambda: publishing("línea"), "InvalidParameter", "Subject"),
    ("subject of a notice", lambda: publishing("a\nb"), "InvalidParameter", "Subject"),
    ("subject of a notice", lambda: publishing("x" * 101), "InvalidParameter", "Subject"),
    ("message of a notice", lambda: publishing(None, ""), "InvalidParameter", "Empty message"),
    ("size of a parameter", lambda: parameter(4097), INVALID, "4096 characters"),
    ("characters of a parameter's name", lambda: parameter(name="a b"), INVALID, ".-_/"),
    ("levels of a parameter's name", lambda: parameter(name="/a" * 16),
     "HierarchyLevelLimitExceededException", "a maximum depth of 15 levels"),
    # SageMaker's endpoints
    ("serverless memory in steps of 1024 MB",
     lambda: config("m", MemorySizeInMB=1500, MaxConcurrency=1), INVALID,
     "enum value set: [1024, 2048"),
    ("provisioned concurrency is at most the concurrency",
     lambda: config("m", MemorySizeInMB=1024, MaxConcurrency=1, ProvisionedConcurrency=2),
     INVALID, "less than or equal to MaxConcurrency 1"),
    ("no serverless endpoint with network isolation", isolated, INVALID,
     "Network isolation is not supported for Serverless Inference"),
    ("no serverless endpoint with network isolation",
     lambda: configured(EnableNetworkIsolation=True), INVALID,
     "Network isolation is not supported for Serverless Inference"),
    ("no serverless endpoint in a VPC", in_a_vpc, INVALID, "VPC configuration is not supported"),
    ("no serverless endpoint in a VPC",
     lambda: configured(VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}),
     INVALID, "VPC configuration is not supported for Serverless Inference"),
    ("no serverless endpoint with data capture", lambda: configured(DataCaptureConfig={
        "InitialSamplingPercentage": 1, "DestinationS3Uri": "s3://data/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}]}), INVALID, "Data capture is not supported"),
    ("no serverless endpoint with an accelerator",
     lambda: configured({"ServerlessConfig": SERVERLESS, "AcceleratorType": "ml.eia1.medium"}),
     INVALID, "AcceleratorType ml.eia1.medium is not supported"),
    ("a serverless endpoint has one variant",
     lambda: config("m", 2, MemorySizeInMB=1024, MaxConcurrency=1), INVALID,
     "more than one production variant"),
    ("a variant is serverless or on instances",
     lambda: configured({"ServerlessConfig": SERVERLESS, "InstanceType": "ml.m5.large"}), INVALID,
     "InstanceType cannot be used with ServerlessConfig."),
    ("number of a variant's instances", lambda: configured({"InstanceType": "ml.m5.large"}),
     INVALID, "Value null at 'productionVariants.1.member.initialInstanceCount'"),
    ("no update from instances to serverless", to_serverless, INVALID,
     "real-time inference endpoint to a serverless endpoint is not supported"),
    ("environment of a model", lambda: environment_of(32 * 1024 + 1), INVALID,
     "is 32769 bytes; the maximum is 32768"),
    ("image of a model", lambda: image("2"), INVALID, "models:2 not found"),
    ("payload of a serverless endpoint", lambda: asking(4 * MEGABYTE + 1), "ValidationError",
     "has oversize body"),
    # SageMaker's jobs
    ("role of a job", lambda: training(RoleArn=f"{ROLE}-missing"), INVALID,
     "Could not assume role arn:aws:iam::123456789012:role/role-missing."),
    ("role of a job", lambda: training(RoleArn=of_ec2()), INVALID,
     "allows principal 'sagemaker.amazonaws.com'"),
    ("wait for spot instances",
     lambda: spot(True, MaxRuntimeInSeconds=100, MaxWaitTimeInSeconds=99), INVALID,
     "greater than or equal to MaxRuntimeInSeconds"),
    ("wait for spot instances", lambda: spot(True, MaxRuntimeInSeconds=100), INVALID,
     "It must be present"),
    ("wait for spot instances", lambda: spot(True, MaxWaitTimeInSeconds=86_399), INVALID,
     "greater than or equal to MaxRuntimeInSeconds"),
    ("wait for spot instances",
     lambda: spot(False, MaxRuntimeInSeconds=100, MaxWaitTimeInSeconds=100), INVALID,
     "only supported when EnableManagedSpotTraining is set to true"),
    # Roles
    ("role of a function", lambda: function(Role=of_ec2()), LAMBDA,
     "The role defined for the function cannot be assumed by Lambda."),
    ("role of a state machine", lambda: machine_under(of_ec2()), "AccessDeniedException",
     "is authorized to assume the provided role."),
    ("role of a state machine", lambda: machine_under(f"{ROLE}-missing"), "AccessDeniedException",
     "Neither the global service principal states.amazonaws.com, nor the regional one"),
    ("role of an event rule", lambda: rule_under(of_ec2()), INVALID,
     "cannot be assumed by principal 'events.amazonaws.com'."),
    ("role of a rule's target", lambda: target(MACHINE, RoleArn=of_ec2()), INVALID,
     "cannot be assumed by principal 'events.amazonaws.com'."),
    ("role of a target that needs one", lambda: target(MACHINE), INVALID,
     f"RoleArn is required for target {MACHINE}."),
    ("role of a schedule", lambda: schedule_under(of_ec2()), INVALID,
     "must allow AWS EventBridge Scheduler to assume the role."),
    ("role of a model", lambda: model("m2", ExecutionRoleArn=of_ec2()), INVALID,
     "Could not assume role arn:aws:iam::123456789012:role/of-ec2."),
    ("role of a job", lambda: processing(RoleArn=f"{ROLE}-missing"), INVALID, "Could not assume"),
    ("input of a training job", lambda: training(InputDataConfig=[NOTHING]), INVALID,
     'No S3 objects found under S3 URL "s3://data/nothing/" given in input data source.'),
    ("output of a training job",
     lambda: training(OutputDataConfig={"S3OutputPath": "s3://missing/models"}), INVALID,
     "Unable to access S3 bucket missing"),
    ("names of a job's inputs and outputs", lambda: training(InputDataConfig=[CHANNEL, CHANNEL]),
     INVALID, "Duplicate channel names are not allowed: train"),
    ("keys of tags", lambda: training(Tags=TAGS_TWICE), INVALID, "must be unique per resource"),
    ("keys of tags", lambda: configured(Tags=TAGS_TWICE), INVALID, "Duplicate tag keys: a"),
    # Step Functions
    ("characters of execution and machine names", lambda: starting(name="a:b"), "InvalidName",
     "Invalid Name: 'a:b'"),
    ("input of an execution", lambda: starting(input=json.dumps("ñ" * 131_072, ensure_ascii=False)),
     INVALID, "less than or equal to 262144"),
    *(("no description of an Express execution", lambda one=one: started_express(one),
       "InvalidArn", "Resource type not valid in this context: express")
      for one in ("describe_execution", "get_execution_history", "stop_execution")),
    ("no list of Express executions", listed_express, "StateMachineTypeNotSupported",
     "This operation is not supported by this type of state machine"),
    *(("no waiting in an Express machine", lambda one=one: task(one), DEFINITION,
       f"Express state machine does not support '{one}' at /States/All/Branches[0]/States/Wait")
      for one in (SYNC, SYNC_2, CALLBACK, ACTIVITY)),
    ("no waiting in an Express machine", updated_to_wait, DEFINITION, "waitForTaskToken"),
    ("no distributed Map in an Express machine", lambda: distributed("EXPRESS"), DEFINITION,
     "does not support a distributed Map"),
    ("states that are named and those that are there", lambda: states("B", A=END), DEFINITION,
     "MISSING_TRANSITION_TARGET: Missing 'Next' target: B"),
    ("states that are named and those that are there", lambda: states("A", A=END, B=END),
     DEFINITION, 'State "B" is not reachable.'),
    *(("end of a state, and of a machine", lambda state=state: states("A", A=state), DEFINITION,
       "State 'A' must have one of the fields [Next, End] at /States/A")
      for state in ({"Type": "Pass"}, {"Type": "Pass", "End": False}, {**END, "Next": "A"})),
    ("end of a state, and of a machine",
     lambda: states("A", A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass", "Next": "A"}),
     DEFINITION, "MISSING_END_STATE: Workflow has no terminal state"),
    *(("States.ALL is alone and last", lambda field=field, given=given: caught(field, *given),
       DEFINITION, f"must appear alone and at end of list at /States/A/{field}[0]/ErrorEquals[0]")
      for field in ("Retry", "Catch")
      for given in ((["States.ALL", "Busy"],), (["States.ALL"], ["Busy"]))),
    *(("seconds of a time-out", lambda one=one: timed(one), DEFINITION,
       "The field 'TimeoutSeconds' must be a positive integer of at most 99999999 at /States/A/")
      for one in (0, -1, 100_000_000)),
    ("seconds of a time-out", lambda: limited(0), DEFINITION, "at /TimeoutSeconds"),
    ("name of a state", lambda: states("A" * 81, **{"A" * 81: END}), DEFINITION, "80 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "code", "answer"), BROKEN)
def test_what_breaks_a_rule_is_refused_in_aws_s_words(
    cloud: Cloud, name: str, given: Given, code: str, answer: str
) -> None:
    call = given()
    cloud.idle(20)
    answered, message = refused(call)
    assert answered == code, name
    assert answer in message, name


def test_each_rule_is_tested_and_names_its_source() -> None:
    assert {rule.name for rule in RULES} == {name for name, *_ in BROKEN}
    pages = ("https://docs.aws.amazon.com/", "https://github.com/")  # AWS's recorded answers
    assert all(rule.source.startswith(pages) for rule in RULES)


SCHEDULES = (
    "rate(1 minute)", "rate(7 days)", "cron(0 3 ? * SUN *)", "cron(0/15 8-17 ? * MON-FRI *)",
    "cron(*/59 * * * ? *)", "cron(0 3 L * ? *)", "cron(0 3 3W * ? 2026-2030)",
    "cron(0 3 ? JAN,JUL 6L *)", "cron(59 23 ? * 3#5 *)", "cron(0 3 LW 1,12 ? *)",
)  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [
        lambda: invoking_a_function(6 * MEGABYTE),
        lambda: function({"AA": "x" * 4087}),
        lambda: function(Timeout=900, MemorySize=10_240, FunctionName="f" * 64),
        lambda: layers(5),
        lambda: template(51_200),
        lambda: resources(500),
        lambda: stack_of_a_role("CAPABILITY_NAMED_IAM", named=True),
        lambda: stack_of_a_role("CAPABILITY_IAM", named=False),
        lambda: named_stack("a" * 128),
        lambda: of_template({"Outputs": {"O": {"Value": {"Ref": "It"}}}, "Metadata": {},
                             "Description": "d", "AWSTemplateFormatVersion": "2010-09-09"}),
        lambda: of_topic(DeletionPolicy="RetainExceptOnCreate", UpdateReplacePolicy="Retain"),
        lambda: of_topic(**properties({"Fn::Sub": ["${AWS::Region}${P}${!Q}", {"P": "p"}]})),
        lambda: of_resource({"Type": "AWS::CloudFormation::WaitConditionHandle"}),
        lambda: retention(3653),
        lambda: alarm(60),
        lambda: alarm(Statistic=None, ExtendedStatistic="p99"),
        of_expression,
        lambda: attributes("id", "day", index="day"),
        lambda: matching(detail={"status": [{"exists": True}]}),
        # IAM takes what is well formed and leads nowhere, of a client and in a template:
        lambda: inline(Action=["s3:GetObjekt", "nosuch:Do"], Resource="arn:aws:nosuch:::x"),
        lambda: stack_of_a_policy(Action=["s3:GetObjekt", "nosuch:Do"]),
        lambda: spot(True, MaxRuntimeInSeconds=100, MaxWaitTimeInSeconds=100),
        lambda: caught("Catch", ["Busy"], ["States.ALL"]),
        lambda: caught("Retry", ["Busy", "Late"], ["States.ALL"]),
        lambda: timed(1),
        lambda: timed(99_999_999),
        lambda: metric("AppVengers"),
        lambda: named_table("a_."),
        lambda: named_table("a" * 255),
        lambda: item(x={"N": "1" * 38}),
        lambda: item(x={"N": "9." + "9" * 37 + "e125"}),
        lambda: item(x={"SS": ["a", "A"]}),
        lambda: item(x=nested(32)),
        lambda: item(day={"S": "2026-11-28"}),
        lambda: update("SET x = :v", {"N": "1"}),
        lambda: expression(4096),
        *(lambda text=text: schedule(text) for text in SCHEDULES),
        lambda: pattern(2048),
        lambda: targets(5),
        lambda: event(256 * 1024),
        lambda: policy(10_240),
        lambda: storing(2048),
        lambda: publishing("x" * 100),
        lambda: parameter(4096),
        lambda: parameter(name="/a" * 15),
        lambda: config("m", MemorySizeInMB=6144, MaxConcurrency=200, ProvisionedConcurrency=200),
        lambda: configured({"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}),
        lambda: environment_of(32 * 1024),
        lambda: image("1"),
        lambda: asking(4 * MEGABYTE),
        lambda: starting(name="a.b_c-(d)=@"),
        lambda: starting(input=json.dumps("x" * 262_142)),
        lambda: task(SYNC, "STANDARD"),
        lambda: task("arn:aws:states:::sns:publish"),
        lambda: distributed("STANDARD"),
        lambda: states("A" * 80, **{"A" * 80: END}),
    ],
)  # fmt: skip
def test_what_is_just_within_a_rule_is_taken(cloud: Cloud, given: Given) -> None:
    make_m()
    given()()
    cloud.idle(30)


def invoking_a_function(size: int) -> Callable[[], Any]:
    function()()
    return invoking(size, "RequestResponse")
