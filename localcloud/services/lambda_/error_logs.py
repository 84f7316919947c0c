"""CloudWatch's line for an unhandled exception of a function, in the form of Lambda's runtime."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import ClientError

from localcloud.iam.authorization import as_operator


class ErrorLogs:
    """The log groups of functions; a function without a log group has no log."""

    @cached_property
    def _client(self) -> Any:
        return boto3.client("logs")  # a new one takes as long as three decisions

    def keep(self, function: str, error: Exception) -> None:
        """Put the line into the function's log group."""
        group = f"/aws/lambda/{function}"
        stream = f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]embedded"
        trace = "".join(traceback.format_tb(error.__traceback__)[1:])
        line = (
            f"[ERROR] {type(error).__name__}: {error}\nTraceback (most recent call last):\n{trace}"
        )
        event = {"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": line}
        logs = self._client
        with as_operator(), suppressed("ResourceNotFoundException"):
            with suppressed("ResourceAlreadyExistsException"):
                logs.create_log_stream(logGroupName=group, logStreamName=stream)
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])


@contextmanager
def suppressed(code: str) -> Iterator[None]:
    """Suppress an error of AWS by its code: two threads that fail first may have two classes of it,
    as botocore makes a client's exceptions when they are first asked for, without a lock.
    """
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise
