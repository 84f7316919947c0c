"""Payloads of failed invocations, in the words of Lambda's runtime."""

import json
import traceback

from localcloud.aws_rules.awslambda import RESPONSE_BYTES


def of_exception(error: Exception) -> bytes:
    # the first frame is ours
    frames = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
    return _payload(type(error).__name__, str(error), frames)


def of_unserializable(error: Exception, request_id: str) -> bytes:
    message = f"Unable to marshal response: {error}"
    return _payload("Runtime.MarshalError", message, [], requestId=request_id)


def too_large(request_id: str) -> bytes:
    message = (
        f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
    )
    return _payload("Function.ResponseSizeTooLarge", message, [], requestId=request_id)


def closed() -> bytes:
    return _payload("Closed", "the embedded cloud is closed", [])


def no_handler(name: str) -> bytes:
    message = f"{name} has no handler in this process; register it with cloud.add_function"
    return _payload("NoHandler", message, [])


def _payload(kind: str, message: str, frames: list[str], **more: str) -> bytes:
    error = {"errorType": kind, "errorMessage": message, **more, "stackTrace": frames}
    return json.dumps(error).encode()
