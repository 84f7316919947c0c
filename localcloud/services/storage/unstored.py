"""Answers to requests whose write did not reach the disk, in AWS's own words."""

import json
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult

from localcloud.kept_state.sqlite.disk import NotStored

# AWS's own codes for a fault of the service; their clients try again by them.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_FAULT = "ServiceUnavailable"
_FAULTS = {
    "dynamodb": "InternalServerError",
    "s3": _FAULT,
    "sns": "InternalError",
    "ssm": "InternalServerError",
}

UNSTORED = "The disk takes no writes; nothing was stored."
UNREAD = "The disk does not give what was stored."


class Unstored(ServiceException):
    """The fault of a write that was not stored. It is not one of moto's, which are looked up in
    their module.
    """


Wrapped = Callable[[Any], Any]


def answered_as_a_fault(original: Any) -> Any:
    """Replace the call_action of moto's BaseResponse: a write not stored is the service's fault."""

    def call_action(self: Any) -> Any:
        try:
            return original(self)
        except NotStored:
            return fault(self)

    return call_action


def fault(request: Any, told: str = UNSTORED) -> Any:
    """Return the service's answer to what the disk refused, in its protocol."""
    service = request.boto3_service_name
    if service in _FAULTS:
        status, headers, body = request.serialized(ActionResult(Unstored(_FAULTS[service], told)))
        status = 503 if service == "s3" else 500
    else:
        status, headers = 503, {"X-Amzn-Errortype": _FAULT, "Content-Type": "application/json"}
        body = json.dumps({"__type": _FAULT, "message": told})
    return status, headers | {"status": status}, body
