"""Causes of asynchronous failures, read in the failures queue and in CloudWatch's logs."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError

from chalicelib.foundation.settings import Settings

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
        """Read the failures queue: without a visibility time-out, every message stays there."""
        queue, sqs = f"{self._settings.prefix}-failures", boto3.client("sqs")
        try:
            url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ABSENT:
                raise
            return
        for message in found.get("Messages", []):
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
        try:
            found = self._logs.filter_log_events(
                logGroupName=group,
                startTime=int(self._since.timestamp() * 1000),
                filterPattern='"[ERROR]"',
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in ABSENT:
                raise
            return
        yield from (event["message"] for event in found["events"])


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
        found = logs.describe_log_streams(**given)["logStreams"]
        lines: list[str] = []
        for stream in found[-2:]:
            events = logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], limit=MOST_LINES
            )["events"]
            lines += [event["message"].rstrip() for event in events]
    except ClientError as error:
        if error.response["Error"]["Code"] not in ABSENT:
            raise
        return []
    return [line for line in lines if line][-MOST_LINES:]


def _lasts(error: str, message: str) -> bool:
    """Return whether a retry does not help.

    An error of AWS is a ClientError with AWS's code in its message.
    """
    return error in LASTING or any(f"({name})" in message for name in LASTING)


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written).astimezone(UTC)
