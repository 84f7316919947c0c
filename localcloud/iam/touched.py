"""The permissions that a request needs: actions, resources and condition keys of AWS's Service
Authorization Reference, for the requests that roles make.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlparse

_SERVICES = {"stepfunctions": "states", "awslambda": "lambda", "sagemaker-runtime": "sagemaker"}

# {…} is a parameter of the request.
_RESOURCES: dict[str, tuple[str, ...]] = {
    "cloudwatch:DescribeAlarms": ("alarm:{AlarmNames}",),  # asked one by one
    "cloudwatch:PutMetricData": ("*",),
    "dynamodb:DeleteItem": ("table/{TableName}",),
    "dynamodb:GetItem": ("table/{TableName}",),
    "dynamodb:PutItem": ("table/{TableName}",),
    "dynamodb:Query": ("table/{TableName}",),
    "dynamodb:Scan": ("table/{TableName}",),
    "dynamodb:UpdateItem": ("table/{TableName}",),
    "lambda:Invoke": ("{FunctionName}",),
    "logs:CreateLogGroup": ("log-group:{logGroupName}",),
    "logs:CreateLogStream": ("log-group:{logGroupName}:log-stream:{logStreamName}",),
    "logs:DescribeLogStreams": ("log-group:{logGroupName}",),
    "logs:PutLogEvents": ("log-group:{logGroupName}:log-stream:{logStreamName}",),
    "sagemaker:CreateEndpoint": ("endpoint/{EndpointName}", "endpoint-config/{EndpointConfigName}"),
    "sagemaker:CreateEndpointConfig": ("endpoint-config/{EndpointConfigName}",),
    "sagemaker:CreateModel": ("model/{ModelName}",),
    "sagemaker:CreateModelPackage": (
        "model-package/{ModelPackageGroupName}",
        "model-package-group/{ModelPackageGroupName}",
    ),
    "sagemaker:CreateModelPackageGroup": ("model-package-group/{ModelPackageGroupName}",),
    "sagemaker:CreateProcessingJob": ("processing-job/{ProcessingJobName}",),
    "sagemaker:CreateTrainingJob": ("training-job/{TrainingJobName}",),
    "sagemaker:CreateTransformJob": ("transform-job/{TransformJobName}",),
    "sagemaker:DeleteEndpoint": ("endpoint/{EndpointName}",),
    "sagemaker:DeleteEndpointConfig": ("endpoint-config/{EndpointConfigName}",),
    "sagemaker:DeleteModel": ("model/{ModelName}",),
    "sagemaker:DescribeEndpoint": ("endpoint/{EndpointName}",),
    "sagemaker:DescribeEndpointConfig": ("endpoint-config/{EndpointConfigName}",),
    "sagemaker:DescribeModel": ("model/{ModelName}",),
    "sagemaker:DescribeModelPackage": ("{ModelPackageName}",),
    "sagemaker:DescribeModelPackageGroup": ("model-package-group/{ModelPackageGroupName}",),
    "sagemaker:DescribeProcessingJob": ("processing-job/{ProcessingJobName}",),
    "sagemaker:DescribeTrainingJob": ("training-job/{TrainingJobName}",),
    "sagemaker:InvokeEndpoint": ("endpoint/{EndpointName}",),
    "sagemaker:ListEndpoints": ("*",),
    "sagemaker:ListTrainingJobs": ("*",),
    "sagemaker:StopProcessingJob": ("processing-job/{ProcessingJobName}",),
    "sagemaker:StopTrainingJob": ("training-job/{TrainingJobName}",),
    "sagemaker:UpdateEndpoint": ("endpoint/{EndpointName}", "endpoint-config/{EndpointConfigName}"),
    "sagemaker:UpdateModelPackage": ("{ModelPackageArn}",),
    "sns:Publish": ("{TopicArn}",),
    "sqs:ChangeMessageVisibility": ("{QueueUrl}",),
    "sqs:SendMessage": ("{QueueUrl}",),
    "sqs:SendMessageBatch": ("{QueueUrl}",),
    "ssm:GetParameter": ("parameter{Name}",),
    "states:DescribeExecution": ("{executionArn}",),
    "states:ListExecutions": ("{stateMachineArn}",),
    "states:StartExecution": ("{stateMachineArn}",),
    "states:StartSyncExecution": ("{stateMachineArn}",),
}
_PASSED_ROLES = {
    "sagemaker:CreateModel": ("ExecutionRoleArn", "sagemaker.amazonaws.com"),
    "sagemaker:CreateProcessingJob": ("RoleArn", "sagemaker.amazonaws.com"),
    "sagemaker:CreateTrainingJob": ("RoleArn", "sagemaker.amazonaws.com"),
}
_OF_AN_INDEX = ("dynamodb:Query", "dynamodb:Scan")
_IN_A_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


class UnknownRequest(Exception):
    """A role made a request whose resources are not listed here."""


@dataclass(frozen=True)
class NeedsPermission:
    action: str
    resource: str
    context: dict[str, str] = field(default_factory=dict)


def by_request(request: Any) -> list[NeedsPermission]:
    service = _SERVICES.get(request.service_name, request.service_name)
    action = f"{service}:{request._get_action()}"
    if action == "sts:GetCallerIdentity":  # needs no permission, whatever a policy says
        return []
    if action == "dynamodb:TransactWriteItems":
        return _transaction(request, service)
    if action == "events:PutEvents":
        return _events(request)
    if action not in _RESOURCES:
        raise UnknownRequest(f"Add {action} and its resources to localcloud/iam/touched.py.")
    spelled = action.replace(":Invoke", ":InvokeFunction") if service == "lambda" else action
    spelled = spelled.removesuffix("Batch") if service == "sqs" else spelled  # no action of its own
    patterns = _RESOURCES[action]
    if action in _OF_AN_INDEX and request._get_param("IndexName"):
        patterns = ("table/{TableName}/index/{IndexName}",)
    return [
        NeedsPermission(spelled, _arn(request, service, pattern), _context(request, action))
        for pattern in patterns
    ] + _passing(request, action)


def by_s3_request(request: Any, bucket: str | None, key: str | None) -> list[NeedsPermission]:
    """Return the permissions of an S3 request; moto names S3's actions itself."""
    action = f"s3:{request.data['Action']}"
    arn = f"arn:aws:s3:::{bucket or '*'}"
    if key is None:
        prefix = request.querystring.get("prefix", [None])[0]
        return [NeedsPermission(action, arn, {"s3:prefix": prefix} if prefix else {})]
    needed = [NeedsPermission(action, f"{arn}/{key}")]
    if action == "s3:GetObject" and not _exists(request, bucket, key):
        # who may not list is not told that there is no such object
        needed.append(NeedsPermission("s3:ListBucket", arn))
    if source := request.headers.get("x-amz-copy-source"):
        path = unquote(urlparse(source).path).lstrip("/")
        needed.append(NeedsPermission("s3:GetObject", f"arn:aws:s3:::{path}"))
    return needed


def _exists(request: Any, bucket: str | None, key: str) -> bool:
    if bucket not in request.backend.buckets:
        return True  # S3 says that first
    return request.backend.get_object(bucket, key) is not None


def _arn(request: Any, service: str, pattern: str) -> str:
    if pattern == "*":
        return pattern
    place = f"arn:aws:{service}:{request.region}:{request.current_account}:"
    name = pattern.partition("{")[2].partition("}")[0]
    text = pattern.format_map(_Parameters(request))
    if text.startswith("arn:"):
        return text.replace(":express:", ":execution:")
    if name == "QueueUrl":
        return place + text.rsplit("/", 1)[-1]
    if name == "FunctionName":
        return f"{place}function:{text}"
    # SageMaker writes names in lower case in ARNs
    return place + (text.lower() if service == "sagemaker" else text)


class _Parameters(dict[str, str]):
    def __init__(self, request: Any) -> None:
        super().__init__()
        self._request = request

    def __missing__(self, name: str) -> str:
        value = self._request._get_param(name)
        if value is None and name in ("EndpointName", "FunctionName"):  # in the path
            parts = self._request.path.strip("/").split("/")
            value = unquote(parts[1] if name == "EndpointName" else parts[2])
        if isinstance(value, list):
            value = value[0]
        return str(value or "")


def _context(request: Any, action: str) -> dict[str, str]:
    if action == "cloudwatch:PutMetricData":
        return {"cloudwatch:namespace": request._get_param("Namespace")}
    return {}


def _passing(request: Any, action: str) -> list[NeedsPermission]:
    if action not in _PASSED_ROLES:
        return []
    parameter, service = _PASSED_ROLES[action]
    role = request._get_param(parameter)
    return [NeedsPermission("iam:PassRole", role, {"iam:PassedToService": service})]


def _transaction(request: Any, service: str) -> list[NeedsPermission]:
    return [
        NeedsPermission(
            f"dynamodb:{_IN_A_TRANSACTION[kind]}",
            f"arn:aws:dynamodb:{request.region}:{request.current_account}:table/{one['TableName']}",
        )
        for item in request._get_param("TransactItems")
        for kind, one in item.items()
    ]


def _events(request: Any) -> list[NeedsPermission]:
    place = f"arn:aws:events:{request.region}:{request.current_account}:event-bus/"
    return [
        NeedsPermission(
            "events:PutEvents",
            place + (one.get("EventBusName") or "default").rpartition("/")[2],
            {"events:source": one.get("Source") or ""},
        )
        for one in request._get_param("Entries")
    ]
