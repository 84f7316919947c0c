"""The switch that leaves every decision to a person: one parameter of Systems Manager."""

from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from chalicelib.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

SECONDS_UNTIL_SEEN = 5


class ReviewOnlySwitch:
    def __init__(self, client: "SSMClient", parameter: str) -> None:
        self._parameters = SSMProvider(boto3_client=client)
        self._name = parameter

    def is_on(self) -> bool:
        """On unless it says `off`; what can't be read is on: no decision without its owner."""
        try:
            value = self._parameters.get(self._name, max_age=SECONDS_UNTIL_SEEN)
        except GetParameterError:
            logger.error("review-only can't be read, so it is on", parameter=self._name)
            return True
        return value != "off"
