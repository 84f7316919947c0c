"""Ids of outcomes. SageMaker's source has this module, too."""

import hashlib


def outcome_id(prediction_id: str, outcome: str, when: str, replaces: str, source: str = "") -> str:
    """Return the id of an outcome: a hash of its content, its source and the outcome it replaces.

    `replaces` is the last 12 digits of the newest outcome of that loan. So a report that comes
    twice has one id, and a correction back to an earlier outcome has a new one.
    """
    content = "|".join((outcome, when, replaces, *([source] if source else []))).encode()
    return f"{prediction_id}#{hashlib.sha256(content).hexdigest()[:12]}"
