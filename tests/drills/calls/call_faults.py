"""Faults of one AWS call of a function: it fails, comes late, is garbage, or is throttled.

Each stands for what is left after boto3's own repeats: the function sees it.
"""

import io
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ReadTimeoutError
from botocore.parsers import ResponseParserError
from botocore.response import StreamingBody

from tests.aws_calls import Asked, answered_by

Go = Callable[[], Any]
GARBAGE = b"<html>502 Bad Gateway</html>"


def failed(asked: Asked, go: Go) -> Any:
    """The call has no effect, and AWS answers with an error of its own."""
    raise _error(asked, "InternalServerError", 500)


def throttled(asked: Asked, go: Go) -> Any:
    """The call has no effect: there were too many."""
    raise _error(asked, "SlowDown" if asked.service == "s3" else "ThrottlingException", 429)


def late(asked: Asked, go: Go) -> Any:
    """The call has its effect, and its answer never arrives."""
    go()
    raise ReadTimeoutError(endpoint_url=asked.client.meta.endpoint_url)


def garbage(asked: Asked, go: Go) -> Any:
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


@dataclass(frozen=True)
class Place:
    """The nth call of an operation by a function, in one run of a flow."""

    call: str
    number: int

    def __str__(self) -> str:
        return self.call if self.number == 1 else f"{self.call}, no. {self.number}"


def call_of(asked: Asked) -> str:
    """Return a call's name: its function and its operation."""
    return f"{asked.function.rpartition('-')[2]} {asked.operation}"


class Fault:
    """A fault of the call at a place, once; of none without a place. All calls are listed."""

    def __init__(self, fault: Callable[[Asked, Go], Any], place: Place | None) -> None:
        self.seen: list[Place] = []
        self.done: list[str] = []  # with an answer that arrived
        self.hit = False
        self.place = place
        self._fault = fault
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()

    def __call__(self, asked: Asked, go: Go) -> Any:
        name = call_of(asked)
        with self._counting:
            self._counts[name] += 1
            place = Place(name, self._counts[name])
            self.seen.append(place)
            is_it = self.is_at(place)
            self.hit |= is_it
        answer = self._fault(asked, go) if is_it else go()
        self.done.append(name)
        return answer

    def is_at(self, place: Place) -> bool:
        """Return whether the call at this place has the fault."""
        return place == self.place


@contextmanager
def fault_of(kind: str, place: Place | None) -> Iterator[Fault]:
    """Inside, the call at the place has the fault."""
    fault = Fault(KINDS[kind], place)
    with answered_by(fault):
        yield fault


def _error(asked: Asked, code: str, status: int) -> Exception:
    answer = {
        "Error": {"Code": code, "Message": "a drill's fault"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "drill"},
    }
    fault: Exception = asked.client.exceptions.from_code(code)(answer, asked.operation)
    return fault
