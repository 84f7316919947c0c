"""The read time-outs of clients in this process, for the requests that may wait for long."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ReadTimeoutError

from localcloud.ports.reused_threads import OutOfTime, within

WAITING = ("Invoke", "InvokeEndpoint", "StartSyncExecution")


def honoured(original: Callable[..., Any]) -> Callable[..., Any]:
    """Replace botocore's Endpoint._do_get_response, to honour read time-outs.

    moto answers in the caller's own thread, so that no time-out ever ends the wait. As on AWS, the
    service completes a request that its client gave up.
    """

    def get_response(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        if operation_model.name not in WAITING:
            return original(self, request, operation_model, context)
        limit = self.http_session._timeout  # seconds, or urllib3's pair of them
        try:
            return within(
                getattr(limit, "read_timeout", limit),
                lambda: original(self, request, operation_model, context),
            )
        except OutOfTime:
            return None, ReadTimeoutError(endpoint_url=request.url)

    return get_response
