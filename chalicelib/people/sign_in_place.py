"""Place where people sign in to the console: one parameter of Systems Manager.

`make deploy` writes it once the API has an address; the page at `GET /` hands it to the browser.
"""

from typing import TYPE_CHECKING

import msgspec
from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from chalicelib.foundation.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

SECONDS_UNTIL_SEEN = 60


class SignInPlace(msgspec.Struct, frozen=True, rename="camel"):
    """The user pool's domain, the app client, and the console's own address, to which the domain
    leads back. `uploads` is where the browser sends files.
    """

    authority: str
    client_id: str
    address: str
    uploads: str = ""


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


def parsed(text: str) -> SignInPlace:
    """Return the parameter's value. Raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=SignInPlace)


def written(place: SignInPlace) -> str:
    """Return the parameter's value.

    >>> written(SignInPlace("https://pool.example", "abc", "https://bank.example/v1/"))
    '{"authority":"https://pool.example","clientId":"abc","address":"https://bank.example/v1/","uploads":""}'
    """
    return msgspec.json.encode(place).decode()
