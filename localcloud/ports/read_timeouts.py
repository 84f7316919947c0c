"""The read time-outs of clients in this process, for the requests that may wait for long."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from botocore.exceptions import ReadTimeoutError

WAITING = ("InvokeEndpoint", "StartSyncExecution")


def honoured(original: Callable[..., Any]) -> Callable[..., Any]:
    """Replace botocore's Endpoint._do_get_response, to honour read time-outs.

    moto answers in the caller's own thread, so that no time-out ever ends the wait. As on AWS, the
    service completes a request that its client gave up.
    """

    def get_response(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        if operation_model.name not in WAITING:
            return original(self, request, operation_model, context)
        answers: list[Any] = []
        whole = copy_context()

        def answer() -> None:
            answers.append(whole.run(original, self, request, operation_model, context))

        waiting = threading.Thread(target=answer, name=operation_model.name, daemon=True)
        waiting.start()
        limit = self.http_session._timeout  # seconds, or urllib3's pair of them
        waiting.join(getattr(limit, "read_timeout", limit))
        if answers:
            return answers[0]
        return None, ReadTimeoutError(endpoint_url=request.url)

    return get_response
