"""The requests that CloudFormation makes for a template's resources, held to the service models and
the rules that the same requests are held to when a client sends them.

A row of `MADE` names the requests of a resource type. Properties have the names of the requests'
members, but for their case and for what a row renames.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from moto.core.utils import get_service_model
from moto.utilities.utils import get_partition

from localcloud.strictness.before_dispatch import broken_by
from localcloud.strictness.service_models.json_types import FITS

Properties = Mapping[str, Any]
NAME_LENGTH = 32  # CloudFormation shortens a name that it makes to the service's limit


@dataclass(frozen=True)
class Request:
    """A request of a resource type. `each`: the property that holds one request an item. `adds`:
    members that CloudFormation writes into a property that is there.
    """

    operation: str  # service:Operation
    response: str  # moto's class, which knows the account's state
    name: str  # the member that holds the resource's name
    renamed: Mapping[str, str] = field(default_factory=dict)  # from property to member
    needs: str = ""  # the property without which there is no such request
    each: str = ""
    adds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


_COGNITO = "moto.cognitoidp.responses:CognitoIdpResponse"
_EVENTS = "moto.events.responses:EventsHandler"
_IAM = "moto.iam.responses:IamResponse"
_LOGS = "moto.logs.responses:LogsResponse"
_SAGEMAKER = "moto.sagemaker.responses:SageMakerResponse"

MADE: Mapping[str, tuple[Request, ...]] = {
    "AWS::Cognito::UserPool": (
        Request("cognito-idp:CreateUserPool", _COGNITO, "PoolName", {"UserPoolName": "PoolName"}),
    ),
    "AWS::Cognito::UserPoolClient": (
        Request("cognito-idp:CreateUserPoolClient", _COGNITO, "ClientName"),
    ),
    "AWS::Cognito::UserPoolDomain": (
        Request("cognito-idp:CreateUserPoolDomain", _COGNITO, "Domain"),
    ),
    "AWS::Cognito::UserPoolGroup": (Request("cognito-idp:CreateGroup", _COGNITO, "GroupName"),),
    "AWS::DynamoDB::Table": (
        Request("dynamodb:CreateTable", "moto.dynamodb.responses:DynamoHandler", "TableName",
                adds={"StreamSpecification": {"StreamEnabled": True}}),
    ),
    "AWS::Events::Rule": (
        Request("events:PutRule", _EVENTS, "Name"),
        Request("events:PutTargets", _EVENTS, "Rule", needs="Targets"),
    ),
    "AWS::IAM::Role": (
        Request("iam:CreateRole", _IAM, "RoleName"),
        Request("iam:PutRolePolicy", _IAM, "RoleName", each="Policies"),
    ),
    "AWS::KMS::Key": (
        Request("kms:CreateKey", "moto.kms.responses:KmsResponse", "",
                {"KeyPolicy": "Policy", "Tags": ""}),  # whose tags have other names
    ),
    "AWS::Lambda::Function": (
        Request("lambda:CreateFunction", "moto.awslambda.responses:LambdaResponse", "FunctionName"),
    ),
    "AWS::Logs::LogGroup": (
        Request("logs:CreateLogGroup", _LOGS, "logGroupName"),
        Request("logs:PutRetentionPolicy", _LOGS, "logGroupName", needs="RetentionInDays"),
    ),
    "AWS::S3::Bucket": (
        Request("s3:CreateBucket", "moto.s3.responses:S3Response", "Bucket",
                {"BucketName": "Bucket"}),
    ),
    "AWS::SageMaker::Endpoint": (
        Request("sagemaker:CreateEndpoint", _SAGEMAKER, "EndpointName"),
    ),
    "AWS::SageMaker::EndpointConfig": (
        Request("sagemaker:CreateEndpointConfig", _SAGEMAKER, "EndpointConfigName"),
    ),
    "AWS::SageMaker::Model": (Request("sagemaker:CreateModel", _SAGEMAKER, "ModelName"),),
    "AWS::SNS::Topic": (
        Request("sns:CreateTopic", "moto.sns.responses:SNSResponse", "Name", {"TopicName": "Name"}),
    ),
    "AWS::SQS::Queue": (
        Request("sqs:CreateQueue", "moto.sqs.responses:SQSResponse", "QueueName"),
    ),
    "AWS::SSM::Parameter": (
        Request("ssm:PutParameter", "moto.ssm.responses:SimpleSystemManagerResponse", "Name"),
    ),
    "AWS::StepFunctions::StateMachine": (
        Request("stepfunctions:CreateStateMachine",
                "moto.stepfunctions.responses:StepFunctionResponse", "name",
                {"StateMachineName": "name", "DefinitionString": "definition",
                 "StateMachineType": "type"}),
    ),
}  # fmt: skip


def refusal(kind: str, name: str, properties: Properties, account: str, region: str) -> str | None:
    """Return CloudFormation's words for the first request that the service would refuse. `name`:
    the resource's, which CloudFormation makes if the template has none.
    """
    for request in MADE.get(kind, ()):
        for written in [properties] if not request.each else properties.get(request.each) or []:
            if request.needs and request.needs not in written:
                continue
            if broken := _broken(request, name, written, account, region):
                return (
                    f'Resource handler returned message: "{broken}" '
                    "(HandlerErrorCode: InvalidRequest)"
                )
    return None


def _broken(request: Request, name: str, given: Properties, account: str, region: str) -> str:
    service, _, operation = request.operation.partition(":")
    model = get_service_model(service).operation_model(operation)
    renamed = {request.renamed.get(key, key): value for key, value in given.items()}
    for name_of, members in request.adds.items():
        if name_of in renamed:
            renamed[name_of] = {**renamed[name_of], **members}
    parameters = _fitted(model.input_shape, renamed)
    if request.name:
        parameters.setdefault(request.name, name[:NAME_LENGTH].strip("-"))
    response = _response(request.response)()
    response.current_account, response.region = account, region
    response.partition = get_partition(region)
    response.raw_body, response.headers = b"", {}
    if found := broken_by(service, model, parameters, response):
        code, message = found
        return f"{message} (Service: {service}, Status Code: 400, Error Code: {code})"
    return ""


@cache
def _response(named: str) -> Callable[[], Any]:
    module, _, name = named.partition(":")
    found: Callable[[], Any] = getattr(import_module(module), name)
    return found


def _fitted(shape: Shape | None, value: Any) -> Any:
    """Return a property as a request has it: numbers for texts, a text for an object, and no member
    that the request lacks or has otherwise.
    """
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return dict(_members(shape, value))
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_fitted(shape.member, one) for one in value if one is not None]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: _fitted(shape.value, one) for key, one in value.items()}
    return _scalar(shape.type_name if shape else "", value)


def _members(shape: StructureShape, value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    written = {key.lower(): one for key, one in value.items() if one is not None}
    for name, member in shape.members.items():
        if name.lower() in written:
            fitted = _fitted(member, written[name.lower()])
            if FITS[member.type_name](fitted):
                yield name, fitted


def _scalar(kind: str, value: Any) -> Any:
    if kind == "string" and isinstance(value, Mapping | list):
        return json.dumps(value)
    if kind == "string" and not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "boolean" and isinstance(value, str):
        return value.lower() == "true"
    if kind in ("integer", "long", "float", "double") and isinstance(value, str):
        return float(value) if kind in ("float", "double") else int(value)
    return value
