"""Signatures of webhooks, as https://www.standardwebhooks.com specifies them."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32
SHORTEST, LONGEST = 24, 64  # bytes, by the specification


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Return the key of a secret. Raises ValueError, which does not show it.

    >>> key_of("whsec_" + "AAAA" * 8) == bytes(24)
    True
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a secret is whsec_ and base64") from None
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"a secret is {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64")
    return key


def headers(identity: str, at: int, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """Return the headers of one call. `at` is the time of the attempt, in seconds.

    There is a signature by each of the secrets `keys`, so that a receiver may have either while a
    secret is rotated.
    """
    signed = f"{identity}.{at}.".encode() + body
    digests = (hmac.new(key_of(one), signed, hashlib.sha256).digest() for one in keys)
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in digests),
    }
