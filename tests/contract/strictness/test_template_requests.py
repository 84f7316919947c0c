"""A template's resources are held to the rules of the services' own requests."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from infrastructure.template import stack_template
from localcloud.cloud import Cloud
from localcloud.strictness.template_requests import MADE
from tests.contract.conftest import ROLE, make_model, trust
from tests.contract.strictness.stacks import failure, status

FUNCTION = {
    "Role": ROLE, "Runtime": "python3.12", "Handler": "a.b", "Code": {"ZipFile": "pass"},
}  # fmt: skip
TABLE: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
DOCUMENT = {"Version": "2012-10-17", "Statement": [trust("lambda")]}


def serverless(memory: int, concurrency: Any = 1) -> dict[str, Any]:
    config = {"MemorySizeInMB": memory, "MaxConcurrency": concurrency}
    variant = {"VariantName": "v", "ModelName": "m", "InitialVariantWeight": 1}
    return {"ProductionVariants": [{**variant, "ServerlessConfig": config}]}


def machine(resource: str) -> dict[str, Any]:
    task = {"Type": "Task", "Resource": resource, "Parameters": {}, "End": True}
    return {"StartAt": "Work", "States": {"Work": task}}


def policy(length: int) -> dict[str, Any]:
    """Return a policy of that length without white space."""
    allow = {"Sid": "", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    written: dict[str, Any] = {**DOCUMENT, "Statement": [allow]}
    allow["Sid"] = "x" * (length - len("".join(json.dumps(written).split())))
    return written


def role(length: int) -> dict[str, Any]:
    inline = [{"PolicyName": "p", "PolicyDocument": policy(length)}]
    return {"AssumeRolePolicyDocument": DOCUMENT, "Policies": inline}


def role_that_may(action: str) -> dict[str, Any]:
    allow = {"Effect": "Allow", "Action": action, "Resource": "*"}
    inline = [{"PolicyName": "p", "PolicyDocument": {**DOCUMENT, "Statement": [allow]}}]
    return {"AssumeRolePolicyDocument": DOCUMENT, "Policies": inline}


def created(kind: str, properties: dict[str, Any]) -> None:
    template = {"Resources": {"It": {"Type": kind, "Properties": properties}}}
    boto3.client("cloudformation").create_stack(
        StackName="s", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
    )


@pytest.mark.parametrize(
    ("kind", "properties", "answer"),
    [
        ("AWS::Events::Rule", {"ScheduleExpression": "rate(1 days)"},
         "Parameter ScheduleExpression is not valid. (Service: events"),
        ("AWS::Lambda::Function", {**FUNCTION, "Timeout": 901}, "'901' at 'timeout'"),
        ("AWS::Lambda::Function", {**FUNCTION, "Timeout": "901"}, "'901' at 'timeout'"),
        ("AWS::Lambda::Function",
         {**FUNCTION, "Environment": {"Variables": {"AA": "x" * 4088}}}, "exceeded the 4KB limit"),
        ("AWS::Lambda::Function", {**FUNCTION, "Role": f"{ROLE}-missing"},
         "cannot be assumed by Lambda"),
        ("AWS::IAM::Role", {"AssumeRolePolicyDocument": {
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}],
        }}, "Missing required field Principal (Service: iam"),
        ("AWS::Events::Rule", {"EventPattern": {}}, "Empty objects are not allowed"),
        ("AWS::IAM::Role", role_that_may("GetObject"), "must be prefaced by a vendor"),
        ("AWS::DynamoDB::Table", {**TABLE, "AttributeDefinitions": [
            *TABLE["AttributeDefinitions"], {"AttributeName": "day", "AttributeType": "S"},
        ]}, "Number of attributes in KeySchema does not exactly match"),
        ("AWS::DynamoDB::Table", {**TABLE, "TableName": "a!c"}, "Value 'a!c' at 'tableName'"),
        ("AWS::SageMaker::EndpointConfig", serverless(1500), "1024, 2048"),
        ("AWS::SSM::Parameter", {"Type": "String", "Value": "x" * 4097}, "4096 characters"),
        ("AWS::IAM::Role", role(10_241), "Maximum policy size of 10240 bytes"),
        ("AWS::S3::Bucket", {"BucketName": "xn--loans"}, "The specified bucket is not valid"),
        ("AWS::StepFunctions::StateMachine",
         {"RoleArn": ROLE, "Definition": machine("arn:aws:states:::aws-sdk:nothing:getIt")},
         "aws-sdk:nothing:getIt is not recognized."),
    ],
)  # fmt: skip
def test_a_resource_is_refused_as_its_own_request_would_be(
    cloud: Cloud, kind: str, properties: dict[str, Any], answer: str
) -> None:
    created(kind, properties)
    reason = failure("s")
    assert reason.startswith('Resource handler returned message: "'), reason
    assert answer in reason


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::Events::Rule", {"ScheduleExpression": "rate(1 day)"}),
        ("AWS::Lambda::Function", {**FUNCTION, "Timeout": 900}),
        ("AWS::Lambda::Function",
         {**FUNCTION, "Environment": {"Variables": {"AA": "x" * 4087}}}),
        ("AWS::DynamoDB::Table", {**TABLE, "TableName": "a_."}),
        ("AWS::SageMaker::EndpointConfig", serverless(6144, 200)),
        ("AWS::SSM::Parameter", {"Name": "p", "Type": "String", "Value": "x" * 4096}),
        ("AWS::IAM::Role", role(10_240)),
        # IAM takes an action that no service has, and one of no service.
        ("AWS::IAM::Role", role_that_may("s3:GetObjekt")),
        ("AWS::IAM::Role", role_that_may("nosuch:Do")),
    ],
)  # fmt: skip
def test_a_resource_that_is_just_within_a_rule_is_created(
    cloud: Cloud, kind: str, properties: dict[str, Any]
) -> None:
    make_model("m")
    created(kind, properties)
    assert status("s") == "CREATE_COMPLETE"


def test_the_requests_of_our_own_resources_are_known() -> None:
    """An alarm is a request already; moto makes neither dashboards nor policies of resources."""
    apart = {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::S3::BucketPolicy",
             "AWS::SNS::TopicPolicy"}  # fmt: skip
    assert {*_kinds()} <= {*MADE, *apart}


def _kinds() -> Iterator[str]:
    for resource in stack_template.resources("appvengers", "dev").values():
        yield resource["Type"]
