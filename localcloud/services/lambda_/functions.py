import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from localcloud.activity import Activity
from localcloud.aws_rules.awslambda import RESPONSE_BYTES
from localcloud.iam.authorization import Authorization
from localcloud.kept_state.sqlite.disk import Disk
from localcloud.services.lambda_ import destinations, error_payloads
from localcloud.services.lambda_.concurrency import Concurrency, Throttled
from localcloud.services.lambda_.error_logs import ErrorLogs
from localcloud.services.lambda_.function_logs import printed_by
from localcloud.services.lambda_.pending_events import PendingEvents

log = logging.getLogger("localcloud")

Handler = Callable[[Any, Any], Any]
RETRY_WAITS_SECONDS = (0.5, 2.0)  # AWS retries twice too, after one and two minutes
# A throttled event is retried for six hours, after 1 s at first and 5 minutes at most; here sooner.
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
EVENT_AGE_SECONDS = 6 * 3600
THROTTLED_WAITS_SECONDS = (0.1, 5.0)


@dataclass(frozen=True)
class Function:
    name: str
    arn: str
    role_arn: str
    handler: Handler
    timeout_seconds: int
    memory_mb: int


@dataclass(frozen=True)
class Answer:
    payload: bytes
    failed: bool


@dataclass(frozen=True)
class Failure:
    """An asynchronous invocation that failed after its retries."""

    name: str
    event: Any
    error: dict[str, Any]


@dataclass(frozen=True)
class LambdaContext:
    function_name: str
    invoked_function_arn: str
    memory_limit_in_mb: int
    deadline: float
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_version: str = "$LATEST"
    identity: None = None
    client_context: None = None

    @classmethod
    def of(cls, function: Function) -> "LambdaContext":
        """Return the context of an invocation that begins now."""
        deadline = time.monotonic() + function.timeout_seconds
        return cls(function.name, function.arn, function.memory_mb, deadline)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - time.monotonic()) * 1000))

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        return self.aws_request_id


class Functions:
    def __init__(
        self,
        activity: Activity,
        authorization: Authorization,
        pending: PendingEvents,
        disk: Disk,
        concurrency: Concurrency,
    ) -> None:
        self.failures: list[Failure] = []
        self._activity = activity
        self._authorization = authorization
        self._pending = pending
        self._disk = disk
        self._concurrency = concurrency
        self._error_logs = ErrorLogs()
        self._by_name: dict[str, Function] = {}
        self.elsewhere: Callable[[str], Function | None] = _nowhere  # what no one has added
        self._closed = threading.Event()
        self._events = ThreadPoolExecutor(8, thread_name_prefix="event")

    def add(self, function: Function) -> None:
        self._by_name[function.name] = function

    def find(self, name_or_arn: str) -> Function | None:
        """Return a function by `name` or `arn:…:function:name`; a `:qualifier` is ignored."""
        name = (name_or_arn.partition(":function:")[2] or name_or_arn).partition(":")[0]
        return self._by_name.get(name) or self.elsewhere(name)

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Invoke a function under its own role. Raises Throttled.

        Invocations come here: of boto3, the AWS port, a state machine, an S3, SNS or EventBridge
        event.
        """
        return self._invoked(function, lambda: json.loads(payload or b"{}"))

    def invoke_with(self, function: Function, event: Any) -> Answer:
        """Invoke a function with an event that is parsed already, and that is its own from now on.
        Raises Throttled.
        """
        return self._invoked(function, lambda: event)

    def _invoked(self, function: Function, event: Callable[[], Any]) -> Answer:
        if self._closed.is_set():
            return Answer(error_payloads.closed(), failed=True)
        with self.environment_of(function):
            return self._run(function, event)

    def environment_of(self, function: Function) -> AbstractContextManager[None]:
        """Hold an execution environment, as each invocation does. Raises Throttled."""
        return self._concurrency.invocation(function.name)

    def _run(self, function: Function, event: Callable[[], Any]) -> Answer:
        context = LambdaContext.of(function)
        try:
            with self.in_role_of(function, function.name), printed_by(function.name):
                result = function.handler(event(), context)
        except Exception as error:  # noqa: BLE001 - the Lambda boundary: whatever was raised is the answer
            if not self._disk.is_failing:  # it is said once that nothing can be stored
                log.warning("%s raised %s: %s", function.name, type(error).__name__, error)
            self._error_logs.keep(function.name, error)
            return Answer(error_payloads.of_exception(error), failed=True)
        try:
            payload = json.dumps(result).encode()
        except (TypeError, ValueError) as error:
            return Answer(
                error_payloads.of_unserializable(error, context.aws_request_id), failed=True
            )
        if len(payload) > RESPONSE_BYTES:
            return Answer(error_payloads.too_large(context.aws_request_id), failed=True)
        return Answer(payload, failed=False)

    @contextmanager
    def in_role_of(self, function: Function, used_by: str) -> Iterator[None]:
        _, _, _, region, account, *_ = function.arn.split(":")
        group = f"arn:aws:logs:{region}:{account}:log-group:/aws/lambda/{function.name}"
        with self._authorization.acting_as(function.role_arn, "lambda", used_by):
            for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
                self._authorization.note(action, f"{group}:log-stream:$LATEST")
            for action in ("xray:PutTraceSegments", "xray:PutTelemetryRecords"):
                self._authorization.note(action, "*")
            yield

    def note_reading(self, function: Function, actions: Iterable[str], source: str) -> None:
        """Record what Lambda does under a function's role to read its event source."""
        with self.in_role_of(function, function.name):
            for action in actions:
                self._authorization.note(action, source)

    def invoke_later(self, function: Function, payload: bytes) -> None:
        """Accept an event. A restart delivers it again if it was not handled. Raises NotStored."""
        self._pending.accept(
            function.name, payload, lambda number: self._deliver(function, payload, number)
        )

    def deliver_again(self, number: int, name: str, payload: bytes) -> None:
        """Deliver an event that the last process accepted and did not handle to the end."""
        if function := self.find(name):
            log.info("%s gets an event again: the process ended before it was handled", name)
            self._deliver(function, payload, number)
        else:
            log.warning("function %s does not exist any more; its event stays on disk", name)

    def close(self) -> None:
        """Wait for running handlers, which would otherwise call the real AWS."""
        self._closed.set()
        self._events.shutdown(cancel_futures=True)

    def _deliver(self, function: Function, payload: bytes, number: int) -> None:
        self._activity.begin(function.name)
        try:
            self._events.submit(self._invoke_with_retries, function, payload, number)
        except RuntimeError:  # the cloud is closing: the event is on disk
            self._activity.end(function.name)

    def _invoke_with_retries(self, function: Function, payload: bytes, number: int) -> None:
        try:
            for wait in (*RETRY_WAITS_SECONDS, None):
                answer = self._once_not_throttled(function, payload)
                if not answer.failed:
                    self._pending.handled(number)
                    return
                if self._closed.wait(wait or 0):
                    return  # the next process delivers it again
            self._keep_failure(function, payload, answer)
            role = self.in_role_of(function, function.name)
            destinations.send_failure(function.name, payload, answer.payload, role)
            self._pending.handled(number)
        finally:
            self._activity.end(function.name)

    def _once_not_throttled(self, function: Function, payload: bytes) -> Answer:
        """Invoke a function once an environment is free: throttling is not a failed attempt."""
        wait, longest = THROTTLED_WAITS_SECONDS
        deadline = time.monotonic() + EVENT_AGE_SECONDS
        while True:
            try:
                return self.invoke(function, payload)
            except Throttled as throttled:
                if time.monotonic() > deadline:
                    told = error_payloads._payload("TooManyRequestsException", str(throttled), [])
                    return Answer(told, failed=True)
                self._closed.wait(wait)
                wait = min(2 * wait, longest)

    def _keep_failure(self, function: Function, payload: bytes, answer: Answer) -> None:
        error = json.loads(answer.payload)
        self.failures.append(Failure(function.name, json.loads(payload), error))
        log.error(
            "%s failed %d times and gave its event up: %s\n%s",
            function.name,
            len(RETRY_WAITS_SECONDS) + 1,
            error["errorMessage"],
            "".join(error["stackTrace"]),
        )


def _nowhere(name: str) -> None:
    return None
