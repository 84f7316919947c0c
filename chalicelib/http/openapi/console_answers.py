"""Types of answers that the console asks for: the product, a trial, a replay, evidence."""

from typing import Literal

from msgspec import UNSET, UnsetType

from chalicelib.foundation.text import Language
from chalicelib.http.openapi.decision_answers import Answer, Today, Value, Verdict


class SignedIn(Answer):
    sub: str
    username: str
    roles: list[str]


class ActionableValues(Answer):
    """Values to which an applicant can change a field."""

    direction: Literal["increase", "decrease"] | UnsetType = UNSET
    minimum: float | UnsetType = UNSET
    maximum: float | UnsetType = UNSET
    values: list[float | str] | UnsetType = UNSET


class FormField(Answer):
    """A field of an application. It is asked for only if the applicant gives all its consents."""

    name: str
    title: str
    help: str
    type: Literal["number", "integer", "category", "code"]
    required: bool
    consents: list[str]
    actionable: ActionableValues | None
    unit: str | UnsetType = UNSET
    minimum: float | UnsetType = UNSET
    maximum: float | UnsetType = UNSET
    values: list[str] | UnsetType = UNSET
    pattern: str | UnsetType = UNSET
    format: str | UnsetType = UNSET


class RealExample(Answer):
    """A real application, as POST /predict takes it."""

    name: str
    client_id: str
    application: dict[str, Value]
    consents: list[str]


class WeighedModel(Answer):
    name: str
    weight: float
    mandatory: bool
    consent: str | None


class Scale(Answer):
    points_to_double_odds: float
    approve_from: float
    decline_below: float


class Segment(Answer):
    """A field of the application by whose values decisions are listed: `segment=name:value`."""

    name: str
    values: list[str]


class ReviewReason(Answer):
    code: str
    verdict: Verdict
    text: str


class ReviewRules(Answer):
    amount_field: str | None
    second_person_above: float
    claim_minutes: int
    reasons: list[ReviewReason]


class Contribution(Answer):
    """A feature's part in the score, in points beside the population's average."""

    feature: str
    title: str
    points: float


class Trial(Today, kw_only=True):
    """A stored application with changes, by today's models and policy; nothing is stored."""

    client_id: str
    prediction_id: str
    application: dict[str, Value]
    average: int | None
    contributions: list[Contribution]
    policy_version: str
    language: Language


class ReplayedPart(Answer):
    """A part of a decision as it is stored, and as it came out again."""

    check: Literal["POLICY", "DATA", "MODEL", "DECISION"]
    name: str
    stored: float | str | None
    found: float | str | None
    same: bool


class Replay(Answer):
    """A stored decision made again. NOT_IN_SERVICE: a model that answered then is not any more."""

    client_id: str
    prediction_id: str
    outcome: Literal["SAME", "DIFFERENT", "NOT_IN_SERVICE"]
    checks: list[ReplayedPart]


class EvidencePack(Answer):
    """The files of a decision's archive, as texts by their names; `python3 verify.py` verifies it.

    `later` are the ids of what stands beside the decision, and no anchor has yet.
    """

    client_id: str
    prediction_id: str
    later: list[str]
    files: dict[str, str]


class Product(Answer):
    """The product, and what the person who asks may call: `POST /predict` and the like."""

    name: str
    title: str
    language: Language
    person: SignedIn
    may_call: list[str]
    fields: list[FormField]
    titles: dict[str, str]
    segments: list[Segment]
    consents: list[str]
    examples: list[RealExample]
    models: list[WeighedModel]
    scale: Scale
    review: ReviewRules
    policy_version: str
