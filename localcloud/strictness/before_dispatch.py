"""The seam before moto's dispatch, where each request is held against AWS's service model and
AWS's rules, whichever client, function or state machine sent it.
"""

from functools import cache
from typing import Any
from xml.etree.ElementTree import ParseError

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.exceptions import JsonRESTError, _RESTError
from moto.core.model import OperationModel
from moto.core.parse import RequestParserError
from moto.core.utils import get_service_model

from localcloud import aws_rules
from localcloud.aws_rules.rule import Rule
from localcloud.strictness import s3_rules, task_requests
from localcloud.strictness.service_models.constraints import (
    SERIALIZATION,
    Broken,
    as_message,
    broken,
)
from localcloud.strictness.service_models.request_parameters import parameters_of
from localcloud.strictness.service_models.s3_operations import operation_of, place_of

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

# https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html; DynamoDB's answer in JSON:
# https://github.com/boto/boto3/issues/1542
_NO_SUCH_ACTION = {
    "query": (
        "InvalidAction",
        "The action or operation requested is invalid. Verify that the action is typed correctly.",
    ),
    "json": ("UnknownOperationException", "Unknown operation exception"),
}

_OF_MOTO = ("ProcessCfnResponse",)  # an action that moto adds to CloudFormation

_RULES: dict[str, list[Rule]] = {}
for _rule in (*aws_rules.RULES, *s3_rules.RULES, *task_requests.RULES):
    for _named in _rule.requests:
        _RULES.setdefault(_named, []).append(_rule)


def before_dispatch(original: Any) -> Any:
    """Replace moto's BaseResponse.setup_class, which every request of every service passes."""

    def setup_class(self: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        parsed_by_moto = self.automated_parameter_parsing
        self.automated_parameter_parsing = False  # a request is validated before moto reads it
        original(self, request, *args, **kwargs)
        refuse_what_aws_refuses(self, request)
        self.automated_parameter_parsing = parsed_by_moto
        if parsed_by_moto and self._get_action():
            self.parse_parameters(request)

    return setup_class


def refuse_what_aws_refuses(response: Any, request: Any) -> None:
    """Raise AWS's error, in the protocol of its service. `response` is moto's, set up."""
    service = response.boto3_service_name
    place = place_of(response, request) if service == "s3" else None
    operation = (
        _asked(response, service, response._get_action())
        if place is None
        else operation_of(request, place)
    )
    if operation is None:
        return
    parameters = _read(response, request, operation, place)
    if found := broken_by(service, operation, parameters, response):
        raise _refusal(response, *found)


def broken_by(
    service: str, operation: OperationModel, parameters: dict[str, Any], response: Any
) -> tuple[str, str] | None:
    """Return code and message of AWS's error for a request, by its model and then by the rules.

    `response`: moto's, which knows the account's state.
    """
    if found := broken(operation.input_shape, parameters):
        return _code(operation, found), _message(found)
    for rule in _RULES.get(f"{service}:{operation.name}", ()):
        for message in rule.broken(parameters, response):
            return rule.code or _CODES.get(service, "ValidationException"), message
    return None


def _read(
    response: Any, request: Any, operation: OperationModel, place: dict[str, str] | None
) -> dict[str, Any]:
    try:
        return parameters_of(response, request, operation, place)
    except (TypeError, ValueError, RequestParserError, ParseError) as error:
        code = SERIALIZATION
        if place is not None:
            code = "MalformedXML" if isinstance(error, ParseError) else "InvalidArgument"
        raise _refusal(response, code, str(error)) from error


def _code(operation: OperationModel, found: list[Broken]) -> str:
    service = operation.service_model.service_name
    if service == "s3":
        return s3_rules.code_of(operation.input_shape, found[0])
    at_once = next((one.code for one in found if one.code), "")
    return at_once or _CODES.get(service, "ValidationException")


def _message(found: list[Broken]) -> str:
    """Return AWS's message for the broken rules.

    A rule with a code of its own is checked before validation: its message stands alone.
    """
    for one in found:
        if one.code:
            return str(one)
    return as_message([str(one) for one in found])


def _asked(response: Any, service: str, action: str | None) -> OperationModel | None:
    """Return the operation that a request asks for.

    Return None for pages of moto's own, which are no requests to AWS. Raises AWS's error for an
    action that the service lacks.
    """
    if not service or not action or action in _OF_MOTO:
        return None
    operation = _operation(service, action)
    if operation is None and (protocol := _protocol(response)) in _NO_SUCH_ACTION:
        raise _refusal(response, *_NO_SUCH_ACTION[protocol])
    return operation


@cache
def _operation(service: str, action: str) -> OperationModel | None:
    try:
        operation: OperationModel = get_service_model(service).operation_model(action)
    except (UnknownServiceError, OperationNotFoundError):
        return None
    return operation


def _protocol(response: Any) -> str:
    if "x-www-form-urlencoded" in (response.headers.get("Content-Type") or ""):
        return "query"
    try:
        return str(get_service_model(response.boto3_service_name).protocol)
    except UnknownServiceError:  # moto's own pages
        return ""


def _refusal(response: Any, code: str, message: str) -> _RESTError:
    protocol = _protocol(response)
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
