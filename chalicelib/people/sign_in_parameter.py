"""Reader of the parameter that says where people sign in."""

from typing import TYPE_CHECKING

import msgspec
from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from chalicelib.foundation.observability import logger
from chalicelib.people.sign_in_place import SignInPlace, parsed

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

SECONDS_UNTIL_SEEN = 60


class SignInParameter:
    """The parameter, read once a minute."""

    def __init__(self, client: "SSMClient", name: str) -> None:
        self._parameters = SSMProvider(boto3_client=client)
        self._name = name

    def place(self) -> SignInPlace | None:
        """Return where people sign in; None if that is not set, or can't be read."""
        try:
            value = self._parameters.get(self._name, max_age=SECONDS_UNTIL_SEEN)
            return parsed(str(value))
        except (GetParameterError, msgspec.DecodeError) as fault:
            logger.error(
                "where people sign in can't be read",
                parameter=self._name,
                fault=type(fault).__name__,
            )
            return None
