"""The salt of a stored record, which keeps its digest from being guessed after an erasure.

SageMaker's source and the evidence archive have this module, too.
"""

import secrets

SALT = "evidenceSalt"  # the attribute; it goes with the personal part of the record


def new_salt() -> str:
    """Return 16 random bytes, in hexadecimal digits."""
    return secrets.token_hex(16)
