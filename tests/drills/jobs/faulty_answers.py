"""Faulty answers of AWS to one call, and a door for them in a process of its own.

A drill puts this file into the source of a job: nothing of the project is imported here.
"""

import io
from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import Any, Protocol

from botocore.client import BaseClient
from botocore.exceptions import ReadTimeoutError
from botocore.parsers import ResponseParserError
from botocore.response import StreamingBody

Go = Callable[[], Any]
GARBAGE = b"<html>502 Bad Gateway</html>"
SEEN = "asked of AWS:"  # before each call that a job lists in its log


class Call(Protocol):
    """A call before it is made."""

    @property
    def service(self) -> str: ...
    @property
    def operation(self) -> str: ...
    @property
    def client(self) -> Any: ...


def failed(asked: Call, go: Go) -> Any:
    """The call has no effect, and AWS answers with an error of its own."""
    raise _error(asked, "InternalServerError", 500)


def throttled(asked: Call, go: Go) -> Any:
    """The call has no effect: there were too many."""
    raise _error(asked, "SlowDown" if asked.service == "s3" else "ThrottlingException", 429)


def late(asked: Call, go: Go) -> Any:
    """The call has its effect, and its answer never arrives."""
    go()
    raise ReadTimeoutError(endpoint_url=asked.client.meta.endpoint_url)


def garbage(asked: Call, go: Go) -> Any:
    """The call has its effect, and its answer is a proxy's page."""
    answer = go()
    if asked.operation == "InvokeEndpoint":
        return {**answer, "Body": StreamingBody(io.BytesIO(GARBAGE), len(GARBAGE))}
    if asked.operation == "GetObject":  # cut off where the connection was
        whole = answer["Body"].read()
        half = io.BytesIO(whole[: len(whole) // 2])
        return {**answer, "Body": StreamingBody(half, len(whole))}
    raise ResponseParserError("Unable to parse response (syntax error): <html>502 Bad Gateway")


KINDS = {one.__name__: one for one in (failed, late, garbage, throttled)}


def _error(asked: Call, code: str, status: int) -> Exception:
    answer = {
        "Error": {"Code": code, "Message": "a drill's fault"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "drill"},
    }
    fault: Exception = asked.client.exceptions.from_code(code)(answer, asked.operation)
    return fault


class Made:
    """A call that this process makes."""

    def __init__(self, client: Any, operation: str) -> None:
        self.client, self.operation = client, operation
        self.service = client.meta.service_model.service_name


def answer_here(kind: str, operation: str, number: int) -> None:
    """From now on list each call of this process, and give the nth of an operation the fault."""
    usual, counts, counting = BaseClient._make_api_call, Counter[str](), Lock()

    def call(client: Any, name: str, params: Any) -> Any:
        with counting:
            counts[name] += 1
            is_it = (name, counts[name]) == (operation, number)
            print(SEEN, name, flush=True)

        def go() -> Any:
            return usual(client, name, params)

        return KINDS[kind](Made(client, name), go) if is_it else go()

    BaseClient._make_api_call = call
