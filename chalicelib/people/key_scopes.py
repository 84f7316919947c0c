"""Scopes of the API keys: one parameter of Systems Manager, by the ids of the keys.

API Gateway verifies a key and hands on its id, which says nothing of what the key is for.
`make deploy` and `make key` write the parameter before a key works.
"""

import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from chalicelib.foundation.errors import ServiceUnavailable
from chalicelib.foundation.observability import logger
from chalicelib.people.access import Scope

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

SECONDS_UNTIL_SEEN = 60
SECONDS_BETWEEN_TRIES = 2  # for ids that are unknown, or after a fault

Known = Mapping[str, frozenset[Scope]]


class KeyScopes:
    """The parameter, read once a minute, and sooner for an id that it did not have."""

    def __init__(self, client: "SSMClient", parameter: str) -> None:
        self._parameters = SSMProvider(boto3_client=client)
        self._name = parameter
        self._known: Known | None = None
        self._turn = threading.Lock()
        self._read_at = -float("inf")

    def of(self, key_id: str) -> frozenset[Scope]:
        """Return the scopes of a key: none if it is not in the parameter.

        A parameter that can't be read counts as it was read last. Raises ServiceUnavailable if it
        never was.
        """
        with self._turn:  # whoever comes while it is read for the first time waits for it
            age = time.monotonic() - self._read_at
            is_known = self._known is not None and key_id in self._known
            if age > (SECONDS_UNTIL_SEEN if is_known else SECONDS_BETWEEN_TRIES):
                self._read()
        if self._known is None:
            raise ServiceUnavailable
        return self._known.get(key_id, frozenset())

    def _read(self) -> None:
        self._read_at = time.monotonic()
        try:
            value = self._parameters.get(self._name, force_fetch=True)
            self._known = parsed(str(value))
        except (GetParameterError, msgspec.DecodeError) as fault:
            logger.error(
                "the scopes of the API keys can't be read",
                parameter=self._name,
                fault=type(fault).__name__,
            )


def parsed(text: str) -> Known:
    """Return the scopes of each key's id. Raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=dict[str, frozenset[Scope]])


def written(scopes: Mapping[str, frozenset[Scope]]) -> str:
    """Return the parameter's value.

    >>> written({"b2": frozenset({Scope.READING}), "a1": frozenset(Scope)})
    '{"a1":["outcomes","reading","scoring"],"b2":["reading"]}'
    """
    value = {key: sorted(held) for key, held in sorted(scopes.items())}
    return msgspec.json.encode(value).decode()
