"""Types of answers that the console asks for: product, trial, replay, evidence, one model."""

from typing import Any, Literal

from msgspec import UNSET, UnsetType

from chalicelib.foundation.text import Language
from chalicelib.governance.model_acts.version_standing import State
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


class AskedModelAct(Answer):
    """An act that a person asked for: an upload with the archive's digest, or a rollback."""

    id: str
    kind: Literal["UPLOAD", "ROLLBACK"]
    model: str
    version: str
    at: str
    by: dict[str, str]
    reason: str
    sha256: str | UnsetType = UNSET
    size: int | UnsetType = UNSET
    instead_of: str | UnsetType = UNSET


class RefusedUpload(Answer):
    """createEndpointModel's refusal of an upload."""

    version: str
    at: str
    reason: str


class LiveEndpoint(Answer):
    """SageMaker's endpoint of the model, as it is now."""

    status: str
    version: str
    since: str
    created: str
    failure: str


class DeploymentStage(Answer):
    """SageMaker's stage of a variant: Creating, ActivatingTraffic, Baking, and the like."""

    status: str
    message: str


class Deployment(Answer):
    """A deployment that goes on. A serverless endpoint has no instances."""

    version: str
    stages: list[DeploymentStage]
    instances: int
    wanted_instances: int


class VersionStanding(Answer):
    """Standing of a version since a person last asked for it."""

    model: str
    version: str
    state: State
    act: AskedModelAct | None
    refusal: RefusedUpload | None
    verified_at: str | None
    endpoint: LiveEndpoint | None
    deployment: Deployment | None


class ArtifactPut(Answer):
    """A request that uploads this archive alone, until its time."""

    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    expires_at: str


class AskedUpload(VersionStanding, kw_only=True):
    upload: ArtifactPut


class ModelEvent(Answer):
    """An event of a model: an act of a person, a verdict of the gate or of verification, an end."""

    kind: str
    version: str
    at: str
    by: dict[str, str] | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    reasons: list[str] | UnsetType = UNSET
    sha256: str | UnsetType = UNSET
    size: int | UnsetType = UNSET
    instead_of: str | UnsetType = UNSET


class ModelHistory(Answer):
    """Accepted versions of a model, and what became of each, the newest first.

    `former` is the version that a rollback goes to unless another is named.
    """

    model: str
    in_service: str | None
    former: str | None
    versions: list[str]
    events: list[ModelEvent]


class ModelCard(Answer):
    """The card of a version as training wrote it: data, metrics, stability, groups, limits."""

    model: str
    version: str
    method: str
    snapshot: str
    window: dict[str, str | None]
    rows: int
    bads: int
    calibration: dict[str, Any]
    holdout: dict[str, Any]
    metrics: dict[str, float | None]
    approve_from: float | None
    psi: float | None
    features: list[dict[str, Any]]
    monotone: list[dict[str, Any]]
    vintages: list[dict[str, Any]]
    groups: dict[str, list[dict[str, Any]]]
    proxies: list[dict[str, Any]]
    protected: list[str]
    outcome_months: int | None
    limits: list[dict[str, str]]
    intervals: dict[str, list[float | None]]
