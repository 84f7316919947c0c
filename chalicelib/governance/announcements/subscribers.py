"""Subscribers of webhooks: one SecureString of Systems Manager, with their addresses and secrets.

`make webhook` writes it. An address may hold a token, so it is as secret as the secrets are.
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from chalicelib.foundation.errors import ServiceUnavailable
from chalicelib.foundation.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

SECONDS_UNTIL_SEEN = 60
NOBODY = "{}"  # the value of a stage without subscribers


class Subscriber(msgspec.Struct, frozen=True):
    """A receiver: its address, the types of events that it wants, and its secrets, the newest
    first. While there are two, calls carry a signature by each.
    """

    url: str
    events: tuple[str, ...]
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Subscriber({', '.join(self.events)})"


Known = Mapping[str, Subscriber]


class Subscribers:
    """The parameter, read once a minute."""

    def __init__(self, client: "SSMClient", parameter: str) -> None:
        self._parameters = SSMProvider(boto3_client=client)
        self._name = parameter
        self._known: Known | None = None
        self._read_at = -float("inf")

    def by_name(self) -> Known:
        """Return the subscribers. Those read last count while the parameter can't be read.

        Raises ServiceUnavailable if it never was read.
        """
        if time.monotonic() - self._read_at > SECONDS_UNTIL_SEEN:
            self._read()
        if self._known is None:
            raise ServiceUnavailable
        return self._known

    def _read(self) -> None:
        try:
            value = self._parameters.get(self._name, decrypt=True, force_fetch=True)
            self._known = parsed(str(value))
            self._read_at = time.monotonic()
        except (GetParameterError, msgspec.DecodeError) as fault:
            kind = type(fault).__name__
            logger.error("subscribers can't be read", parameter=self._name, fault=kind)


def parsed(text: str) -> Known:
    """Return the subscribers by their names. Raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=dict[str, Subscriber])


def written(known: Known) -> str:
    """Return the parameter's value."""
    return msgspec.json.encode(known, order="sorted").decode()
