"""Keys that sign cursors: one SecureString of Systems Manager, which all containers of a stage
read. `make deploy` makes it, and `make cursor-key` rotates it.

Every principal of the account may decrypt with the AWS managed key aws/ssm, so a function needs
ssm:GetParameter alone:
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
"""

import secrets
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from chalicelib.foundation.errors import ServiceUnavailable
from chalicelib.foundation.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

KEY_BYTES = 32
MOST_KEYS = 2  # the one that signs, and the one before
SECONDS_BETWEEN_TRIES = 2

Keys = tuple[bytes, ...]


class CursorKeys:
    """The parameter, read once a container, and again for a cursor that no known key signed."""

    def __init__(self, client: "SSMClient", parameter: str) -> None:
        self._parameters = SSMProvider(boto3_client=client)
        self._name = parameter
        self._known: Keys = ()
        self._turn = threading.Lock()
        self._read_at = -float("inf")

    def known(self) -> Keys:
        """Return the keys, the one that signs first. Raises ServiceUnavailable."""
        with self._turn:
            if not self._known:
                self._read()
        if not self._known:
            raise ServiceUnavailable
        return self._known

    def newest(self) -> Keys:
        """Return the keys, read again unless they were read just now. Raises ServiceUnavailable."""
        with self._turn:
            self._read()
        return self.known()

    def _read(self) -> None:
        if time.monotonic() - self._read_at < SECONDS_BETWEEN_TRIES:
            return
        self._read_at = time.monotonic()
        try:
            value = self._parameters.get(self._name, decrypt=True, force_fetch=True)
            self._known = parsed(str(value))
        except (GetParameterError, ValueError) as fault:
            logger.error(
                "the keys of cursors can't be read",
                parameter=self._name,
                fault=type(fault).__name__,
            )


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def parsed(text: str) -> Keys:
    """Return the keys of the parameter's value. Raises ValueError, which names none of them."""
    try:
        keys = tuple(bytes.fromhex(one) for one in text.split(","))
    except ValueError:
        raise ValueError("not hexadecimal") from None
    if any(len(key) != KEY_BYTES for key in keys):
        raise ValueError("not 32 bytes")
    return keys


def written(keys: Sequence[bytes]) -> str:
    """Return the parameter's value, of the newest MOST_KEYS keys.

    >>> parsed(written([b"2" * 32, b"1" * 32, b"0" * 32])) == (b"2" * 32, b"1" * 32)
    True
    """
    return ",".join(key.hex() for key in keys[:MOST_KEYS])
