"""The seam before moto's dispatch, where each request is held against AWS's service model and
AWS's rules, whichever client, function or state machine sent it."""

import json
from functools import cache
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.exceptions import JsonRESTError, _RESTError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import determine_request_protocol
from moto.core.utils import get_service_model

from localcloud import aws_rules
from localcloud.strictness.constraints import as_message, violations

# The code of a service's validation error, where it is not ValidationException.
_CODES = {
    "apigateway": "BadRequestException",
    "cloudformation": "ValidationError",
    "cloudwatch": "ValidationError",
    "iam": "ValidationError",
    "logs": "InvalidParameterException",
    "s3": "InvalidRequest",
    "sagemaker-runtime": "ValidationError",
    "sns": "InvalidParameter",
    "sqs": "InvalidParameterValue",
    "sts": "ValidationError",
}
_TOO_LARGE = {"RequestEntityTooLargeException": 413}


def before_dispatch(original: Any) -> Any:
    """For moto's BaseResponse.setup_class, which every request of every service passes."""

    def setup_class(self: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        original(self, request, *args, **kwargs)
        refuse_what_aws_refuses(self, request)

    return setup_class


def refuse_what_aws_refuses(response: Any, request: Any) -> None:
    """Raise AWS's error, in the protocol of its service. `response` is moto's, set up."""
    service = response.boto3_service_name
    action = response._get_action() if service != "s3" else _s3_action(response, request)
    operation = _operation(service, action)
    if operation is None:
        return
    try:
        parameters = {} if service == "s3" else _parameters(response, request, operation)
    except (TypeError, ValueError, RequestParserError) as error:
        raise _refusal(response, "SerializationException", str(error)) from error
    if broken := violations(operation.input_shape, parameters) if service != "s3" else []:
        raise _refusal(response, _CODES.get(service, "ValidationException"), as_message(broken))
    for rule in aws_rules.of_request(f"{service}:{action}"):
        for message in rule.broken(parameters, response):
            code = rule.code or _CODES.get(service, "ValidationException")
            raise _refusal(response, code, message)


@cache
def _operation(service: str, action: str | None) -> OperationModel | None:
    """None for what is no request of AWS: moto's own pages, or an action that AWS lacks."""
    if not service or not action:
        return None
    try:
        operation: OperationModel = get_service_model(service).operation_model(action)
    except (UnknownServiceError, OperationNotFoundError):
        return None
    return operation


def _parameters(response: Any, request: Any, operation: OperationModel) -> dict[str, Any]:
    protocol = determine_request_protocol(operation.service_model, request.content_type)
    if protocol == "json":  # the members are the parameters: no need to copy them
        return dict(json.loads(response.raw_body or b"{}"))
    parser = PROTOCOL_PARSERS[protocol](operation)
    return dict(
        parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.data,
                "url_path": request.path,
                "url_params": response.uri_match,
            }
        )
    )


def _s3_action(response: Any, request: Any) -> str | None:
    """S3's models state next to no constraint; of its requests, only those with rules are known."""
    if request.method == "PUT" and "x-amz-copy-source" in request.headers:
        return "CopyObject"
    if request.method == "POST" and "uploads" in request.args:
        return "CreateMultipartUpload"
    return "PutObject" if request.method == "PUT" and not request.args else None


def _refusal(response: Any, code: str, message: str) -> _RESTError:
    model = get_service_model(response.boto3_service_name)
    protocol = str(model.protocol)
    if "x-www-form-urlencoded" in (response.headers.get("Content-Type") or ""):
        protocol = "query"
    if protocol == "rest-xml":
        return _S3Refusal(code, message)
    kind = _RESTError if protocol == "query" else JsonRESTError
    refusal = kind(code, message)
    refusal.code = _TOO_LARGE.get(code, 400)
    return refusal


class _S3Refusal(_RESTError):
    """An error as S3 writes it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.description = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        )
