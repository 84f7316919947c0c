"""The STANDARD state machine lotesCredito, as the API starts and asks it.

An attempt at a batch is an execution `<batch>-<attempt>`. Step Functions remembers it for 90 days,
and starts no second one of its name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

RUNNING: Literal["RUNNING"] = "RUNNING"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An execution of the machine for a batch, the first being number 1."""

    number: int
    status: str
    started: datetime


class BatchMachine:
    """The machine, by its ARN."""

    def __init__(self, client: "SFNClient", arn: str) -> None:
        self._client = client
        self._arn = arn

    def attempts(self, batch: str) -> list[Attempt]:
        """Return the attempts at a batch, the first one first."""
        found: list[Attempt] = []
        while True:
            name = _name(batch, len(found) + 1)
            arn = f"{self._arn.replace(':stateMachine:', ':execution:')}:{name}"
            try:
                said = self._client.describe_execution(executionArn=arn)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                    raise
                return found
            found.append(Attempt(len(found) + 1, said["status"], said["startDate"]))

    def is_busy(self) -> bool:
        """Return whether an attempt at any batch is running."""
        running = self._client.list_executions(
            stateMachineArn=self._arn, statusFilter=RUNNING, maxResults=1
        )
        return bool(running["executions"])

    def start(self, batch: str, attempt: int, asked: Mapping[str, Any]) -> None:
        """Start an attempt, unless it was started before."""
        try:
            self._client.start_execution(
                stateMachineArn=self._arn, name=_name(batch, attempt), input=json.dumps(asked)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise


def _name(batch: str, attempt: int) -> str:
    return f"{batch}-{attempt}"
