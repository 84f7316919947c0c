"""Parameters of a task, as Step Functions holds them against the API that the task calls.

Step Functions refuses a field that the API lacks, a required one that is missing and a value of
another type, when the machine is created as far as the definition says, and else before the call.
Fields begin with a capital letter, whatever the API does:
https://docs.aws.amazon.com/step-functions/latest/dg/connect-parameters.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.model import ListShape, MapShape, OperationNotFoundError, Shape, StructureShape
from moto.core.utils import get_service_model

from localcloud.strictness.sdk_services import of_sdk
from localcloud.strictness.service_models.constraints import UNKNOWN
from localcloud.strictness.service_models.json_types import FITS

_RESOURCE = re.compile(
    r"arn:aws[\w-]*:states:[\w-]*:\d*:(?P<sdk>aws-sdk:)?(?P<service>\w+):(?P<action>\w+)"
    r"(?P<waits>\.sync(?::2)?|\.waitForTaskToken)?"
)
_OPTIMIZED = {"states": "stepfunctions"}

# The texts that Step Functions makes of any JSON.
_ANY_JSON = {
    "Invoke": "Payload",
    "Publish": "Message",
    "PutEvents": "Detail",
    "SendMessage": "MessageBody",
    "StartExecution": "Input",
    "StartSyncExecution": "Input",
}
NOT_SUPPORTED = "is not supported by Step Functions"
_KINDS = {
    "boolean": "a BOOLEAN",
    "double": "a NUMBER",
    "float": "a NUMBER",
    "integer": "an INTEGER",
    "list": "an ARRAY",
    "long": "an INTEGER",
    "map": "an OBJECT",
    "string": "a STRING",
    "structure": "an OBJECT",
    "timestamp": "a TIMESTAMP",
}


def unrecognized(resource: str) -> bool:
    """Return whether a resource is an SDK integration of an API that AWS lacks."""
    return ":states:" in resource and ":aws-sdk:" in resource and called(resource) is None


def faults(resource: str, parameters: Any) -> list[str]:
    """Return what Step Functions says of a task's parameters: nothing for a resource that is no
    API of AWS. Values that only an execution knows are UNKNOWN.
    """
    call = called(resource)
    if call is None:
        return []
    service, action = call
    shape = get_service_model(service).operation_model(action).input_shape
    return list(_faults(shape, parameters, "Parameters", _ANY_JSON.get(action))) if shape else []


def called(resource: str) -> tuple[str, str] | None:
    """Return the service and the operation that a task's resource names, if AWS has them."""
    named = _RESOURCE.fullmatch(resource)
    if named is None:
        return None
    name = named["service"]
    service = of_sdk(name) if named["sdk"] else _OPTIMIZED.get(name, name)
    if service is None or (named["sdk"] and (named["waits"] or "").startswith(".sync")):
        return None
    action = named["action"][:1].upper() + named["action"][1:]
    try:
        get_service_model(service).operation_model(action)
    except (UnknownServiceError, OperationNotFoundError):
        return None
    return service, action


def _faults(shape: Shape, value: Any, field: str, any_json: str | None) -> Iterator[str]:
    if value is UNKNOWN or value is None or shape.type_name == "blob" or field == any_json:
        return
    if not FITS[shape.type_name](value):
        yield f"The value for the field '{field}' must be {_KINDS[shape.type_name]}"
    elif isinstance(shape, StructureShape) and not shape.is_document_type:
        yield from _of_structure(shape, value, any_json)
    elif isinstance(shape, ListShape):
        for item in value:
            yield from _faults(shape.member, item, field, any_json)
    elif isinstance(shape, MapShape):
        for name, item in value.items():
            yield from _faults(shape.value, item, name, any_json)


def _of_structure(
    shape: StructureShape, value: Mapping[str, Any], any_json: str | None
) -> Iterator[str]:
    members = {_field(name): member for name, member in shape.members.items()}
    for name in shape.required_members:
        if value.get(_field(name)) is None:
            yield f"The field '{_field(name)}' is required but was missing"
    for name, item in value.items():
        if name in members:
            yield from _faults(members[name], item, name, any_json)
        else:
            yield f'The field "{name}" {NOT_SUPPORTED}'


def _field(member: str) -> str:
    return member[:1].upper() + member[1:]
