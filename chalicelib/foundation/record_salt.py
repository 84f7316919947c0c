"""The salt of a stored record, which keeps its digest from being guessed after an erasure, and the
marks of an erased record.

SageMaker's source and the evidence archive have this module, too.
"""

import secrets

SALT = "evidenceSalt"  # the attribute; it goes with the personal part of the record
ERASED = "personalDigest"  # of an erased record: the digest of what was personal
PSEUDONYM = "erased#"  # begins what an erased record has in place of clientId; no clientId has a #
ERASURES = "#erasures"  # what records of erasures have in place of clientId
ERASURE = "erasure#"  # begins the id of a finished erasure, before the time of its order
ERASURE_OF = "erasure-of#"  # begins the mark of a record's erasure, before the record's id


def new_salt() -> str:
    """Return 16 random bytes, in hexadecimal digits."""
    return secrets.token_hex(16)
