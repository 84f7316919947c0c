"""An outcome's id. SageMaker's jobs tell outcomes, too: training/outcome_id.py is this file."""

import hashlib


def outcome_id(prediction_id: str, outcome: str, when: str, replaces: str, source: str = "") -> str:
    """What it says and who says it is its id, with the 12 digits of the one that it corrects: said
    twice, it is one; back to what was said before the last, it is another."""
    said = "|".join((outcome, when, replaces, *([source] if source else []))).encode()
    return f"{prediction_id}#{hashlib.sha256(said).hexdigest()[:12]}"
