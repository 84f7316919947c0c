"""Causes of asynchronous failures, read in the failures queue and in CloudWatch's logs."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from chalicelib.foundation.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

MAKING_ENDPOINTS = ("createEndpointModel", "endpointChanged")
ABSENT = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist",
          "ResourceNotFoundException")  # fmt: skip
# Lambda tries a failed event again one and three minutes later; none of these is over by then.
LASTING = (
    "AccessDenied",
    "AccessDeniedException",
    "ImportModuleError",
    "InvalidProfile",
    "ResourceLimitExceeded",
    "ValidationException",
)
# An unhandled exception, as Lambda's Python runtime logs it: its class, its message, its traceback.
LOGGED = re.compile(r"\[ERROR\]\s+(?:\S+Z\s+\S+\s+)?(\w+): (.*)")
MOST_LINES = 12
HIDDEN_SECONDS = 60  # of a message, while the rest of the queue is read


@dataclass(frozen=True, slots=True)
class Cause:
    """An event that a function could not handle. If `lasting`, a retry does not help."""

    function: str
    error: str
    message: str
    lasting: bool

    def __str__(self) -> str:
        return f"{self.function} failed: {self.error}: {self.message}"


class Causes:
    """Failures of a stage since a moment."""

    def __init__(self, settings: Settings, since: datetime) -> None:
        self._settings = settings
        self._since = since
        self._logs = boto3.client("logs")

    def of_endpoints(self) -> list[Cause]:
        """Return the failures of the functions that make endpoints; events given up come first."""
        return [*self.given_up(), *self._logged()]

    def given_up(self) -> Iterator[Cause]:
        """Read the failures queue. Every message stays there."""
        queue, sqs = f"{self._settings.prefix}-failures", boto3.client("sqs")
        try:
            messages = _all_messages(sqs, sqs.get_queue_url(QueueName=queue)["QueueUrl"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in ABSENT:
                raise
            return
        for message in messages:
            told = json.loads(message["Body"])
            if _moment(told["timestamp"]) >= self._since:
                answer = told.get("responsePayload") or {}
                function = told["requestContext"]["functionArn"].partition(":function:")
                name = (function[2] or function[0]).partition(":")[0]
                given = answer.get("errorType", "Error"), answer.get("errorMessage", "")
                yield Cause(name, *given, lasting=True)

    def _logged(self) -> Iterator[Cause]:
        for name in MAKING_ENDPOINTS:
            function = self._settings.function(name)
            for message in self._errors_of(f"/aws/lambda/{function}"):
                if found := LOGGED.search(message):
                    error, said = found.groups()
                    yield Cause(function, error, said, lasting=_lasts(error, said))

    def _errors_of(self, group: str) -> Iterator[str]:
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=group,
            startTime=int(self._since.timestamp() * 1000),
            filterPattern='"[ERROR]"',
        )
        try:
            for page in pages:  # a page may be empty, and another follow
                yield from (event["message"] for event in page["events"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in ABSENT:
                raise


def _all_messages(sqs: "SQSClient", url: str) -> list["MessageTypeDef"]:
    """Return the messages of a queue, ten a request. Each is hidden until all are read."""
    read: list[MessageTypeDef] = []
    while some := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=HIDDEN_SECONDS, WaitTimeSeconds=1
    ).get("Messages"):
        read += some
    for message in read:
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )
    return read


def log_of_training(job: str) -> list[str]:
    """Return the last lines of a training job's log; none if there is no log."""
    return _last_lines("/aws/sagemaker/TrainingJobs", f"{job}/")


def log_of_endpoint(name: str) -> list[str]:
    """Return the last lines of an endpoint's log; none if there is no log."""
    return _last_lines(f"/aws/sagemaker/Endpoints/{name}", "")


def _last_lines(group: str, streams: str) -> list[str]:
    logs, chosen = boto3.client("logs"), {"logStreamNamePrefix": streams} if streams else {}
    given: Any = {"logGroupName": group, **chosen}
    try:
        pages = logs.get_paginator("describe_log_streams").paginate(**given)
        streams_found = [stream for page in pages for stream in page["logStreams"]]
        lines: list[str] = []
        for stream in sorted(streams_found, key=_last_event)[-2:]:
            events = logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], limit=MOST_LINES
            )["events"]
            lines += [event["message"].rstrip() for event in events]
    except ClientError as error:
        if error.response["Error"]["Code"] not in ABSENT:
            raise
        return []
    return [line for line in lines if line][-MOST_LINES:]


def _last_event(stream: Mapping[str, Any]) -> int:
    return int(stream.get("lastEventTimestamp", 0))


def _lasts(error: str, message: str) -> bool:
    """Return whether a retry does not help.

    An error of AWS is a ClientError with AWS's code in its message.
    """
    return error in LASTING or any(f"({name})" in message for name in LASTING)


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)
