"""Types of the explanation of a decision to its applicant."""

from typing import Literal

from msgspec import UNSET, UnsetType

from chalicelib.foundation.text import Language
from chalicelib.http.openapi.decision_answers import Answer, Decided, DecidedBy, Value


class Datum(Answer):
    """A datum that was used, and where it came from."""

    feature: str
    title: str
    value: Value
    source: Literal["APPLICANT", "COMPUTED", "OTHER_LOANS"]
    source_text: str
    unit: str | UnsetType = UNSET


class ModelPart(Answer):
    """A model's part in the score."""

    model: str
    weight: float
    score: int | None
    consent_missing: str | UnsetType = UNSET


class Criteria(Answer):
    text: str
    score: int | None
    approve_from: float
    decline_below: float
    basis: str
    policy_version: str
    models: list[ModelPart]


class PrincipalReason(Answer):
    """A reason in words, beside its code: of a feature, a rule, a basis, or a person's."""

    text: str
    feature: str | UnsetType = UNSET
    rule: str | UnsetType = UNSET
    basis: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class Link(Answer):
    href: str
    text: str


class ContestRight(Answer):
    """A state of the right to contest: until when it is open, or how the contest ended."""

    state: str
    text: str
    until: str | UnsetType = UNSET
    at: str | UnsetType = UNSET
    due_at: str | UnsetType = UNSET
    outcome: Literal["CHANGED", "UPHELD"] | UnsetType = UNSET


class Notice(Answer):
    """A notice that a law asks for; counsel decides on its text."""

    law: str
    text: str


class Explanation(Answer):
    """The decision in the applicant's words."""

    client_id: str
    prediction_id: str
    language: Language
    product: str
    decided_at: str
    decision: Decided
    text: str
    automated: bool
    decided_by: DecidedBy
    automation: str
    data: list[Datum]
    criteria: Criteria
    reasons: list[PrincipalReason]
    change: Link | None
    contest: ContestRight | None
    notices: list[Notice]
