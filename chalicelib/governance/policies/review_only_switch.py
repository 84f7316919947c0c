"""The switch that leaves every decision to a person: one parameter of Systems Manager."""

from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from chalicelib.foundation.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

SECONDS_UNTIL_SEEN = 5


class ReviewOnlySwitch:
    """The parameter, read at most every 5 s."""

    def __init__(self, client: "SSMClient", parameter: str) -> None:
        self._parameters = SSMProvider(boto3_client=client)
        self._name = parameter

    def is_on(self) -> bool:
        """Return whether every decision goes to a person: unless the parameter is `off`.

        A parameter that cannot be read counts as on, so that a fault approves nobody.
        """
        try:
            value = self._parameters.get(self._name, max_age=SECONDS_UNTIL_SEEN)
        except GetParameterError:
            logger.error("review-only can't be read, so it is on", parameter=self._name)
            return True
        return value != "off"
