"""Codes of the API's answers: bases of a decision, and outcomes of searches.

No rule of [[rules]] may have one of them as its code. docs/api.md explains each.
"""

from typing import Literal, get_args

Basis = Literal[
    "SCORE",
    "MANDATORY_MODEL_UNAVAILABLE",
    "TOO_FEW_MODELS",
    "TOO_LITTLE_WEIGHT",
    "UNSEEN_CODE",
    "MODELS_DISAGREE",
    "ABOVE_OFFER",
    "REVIEW_ONLY",
]
ChangeOutcome = Literal["CHANGE", "NOT_NEEDED", "FILL_IN", "NONE", "REVIEW_ONLY", "UNSEEN_CODE"]
OfferOutcome = Literal[
    "COUNTER_OFFER",
    "NOT_NEEDED",
    "NONE",
    "PERSON",
    "ANSWERED",
    "CONTESTED",
    "DECIDED",
    "TAKEN",
    "CLOSED",
    "NOT_OFFERED",
]

BASES: tuple[Basis, ...] = get_args(Basis)
CHANGE_OUTCOMES: tuple[ChangeOutcome, ...] = get_args(ChangeOutcome)
OFFER_OUTCOMES: tuple[OfferOutcome, ...] = get_args(OfferOutcome)
