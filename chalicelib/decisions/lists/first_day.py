"""First day of a stage that has decisions: one parameter of Systems Manager.

`make deploy` writes it while the table is empty. A list that begins earlier would read 25 keys for
each day that can have no decision. A stage without it reads them: its table is older.
"""

import time
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from chalicelib.foundation.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

SECONDS_KEPT = 600.0  # somebody may delete it, to list decisions that were copied into the table


class FirstDay:
    """The parameter, read once in ten minutes, also if there is none."""

    def __init__(
        self, client: "SSMClient", name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._parameters = SSMProvider(boto3_client=client)
        self._name = name
        self._clock = clock
        self._read_at = -SECONDS_KEPT
        self._day: date | None = None

    def day(self) -> date | None:
        """Return the day before which there is no decision; None if that is not known."""
        now = self._clock()
        if now - self._read_at >= SECONDS_KEPT:
            self._day, self._read_at = self._read(), now
        return self._day

    def _read(self) -> date | None:
        try:
            return date.fromisoformat(str(self._parameters.get(self._name, force_fetch=True)))
        except (GetParameterError, ValueError) as fault:  # there is none: lists are only slower
            logger.info("no first day of decisions", parameter=self._name, fault=str(fault))
            return None
