"""Replacement of moto's invocation of a function, which would need Docker."""

from collections.abc import Callable
from typing import Any

from localcloud.services.lambda_ import error_payloads
from localcloud.services.lambda_.concurrency import Throttled, TooManyRequests
from localcloud.services.lambda_.functions import Answer, Functions


def in_this_process(functions: Functions) -> Callable[[Any], Any]:
    """Replace moto's LambdaFunction.invoke, which every invocation reaches."""

    def replace(original: Any) -> Any:
        def invoke(self: Any, body: Any, request_headers: Any, response_headers: Any) -> bytes:
            payload = body.encode() if isinstance(body, str) else bytes(body or b"")
            function = functions.find(self.function_name)
            if function is None:
                answer = Answer(error_payloads.no_handler(self.function_name), failed=True)
            elif _is_asynchronous(request_headers):
                functions.invoke_later(function, payload)
                return b""
            else:
                try:
                    answer = functions.invoke(function, payload)
                except Throttled as throttled:
                    raise TooManyRequests(throttled) from throttled
            if answer.failed:
                response_headers["x-amz-function-error"] = "Unhandled"
            return answer.payload

        return invoke

    return replace


def _is_asynchronous(request_headers: Any) -> bool:
    # S3, SNS and the other services of moto invoke without any header; a request has some
    return not request_headers or request_headers.get("X-Amz-Invocation-Type") == "Event"
