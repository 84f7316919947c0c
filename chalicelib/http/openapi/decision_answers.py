"""Types of answers about decisions. Tests hold each against the answers of the served bank."""

from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from chalicelib.foundation.text import Language
from chalicelib.profile.answer_codes import ChangeOutcome, OfferOutcome
from chalicelib.scoring.branch_results import Direction

Verdict = Literal["APPROVE", "DECLINE"]
Decided = Literal["APPROVE", "REVIEW", "DECLINE"]
DecidedBy = Literal["AUTOMATIC", "PENDING", "PERSON", "COUNTER_OFFER"]
Value = float | str | None
Person = dict[str, str]


class Answer(msgspec.Struct, rename="camel"):
    """A part of an answer; its names are in camel case."""


class Reason(Answer):
    """A reason code: what a feature adds to or takes from the score, in points.

    `direction` is where its value lies beside the usual; a value like most others has none.
    """

    feature: str
    points: int
    text: str
    direction: Direction | UnsetType = UNSET


class ModelAnswer(Answer):
    """A model's answer. `status` is OK, or says why there is none; then `cause` is the code."""

    status: Literal["OK", "UNAVAILABLE", "SKIPPED_NO_CONSENT"]
    version: str | UnsetType = UNSET
    sha256: str | UnsetType = UNSET
    probability_of_default: float | UnsetType = UNSET
    score: int | UnsetType = UNSET
    reasons: list[Reason] | UnsetType = UNSET
    cause: str | UnsetType = UNSET
    consent: str | UnsetType = UNSET
    unseen: list[str] | UnsetType = UNSET


class CutOffs(Answer):
    approve_from: float
    decline_below: float


class Condition(Answer):
    code: str
    text: str


class Terms(Answer):
    """Terms of an approval: up to which amount, at which rate in percent a year, on what."""

    maximum_amount: float
    annual_rate: float
    conditions: list[Condition]


class FiredRule(Answer):
    """A policy rule that fired; `missing` are the inputs that it lacks."""

    code: str
    effect: Decided
    text: str
    missing: list[str] | UnsetType = UNSET


class BatchRow(Answer):
    """The row of a batch that a decision is of."""

    batch_id: str
    row: int


class Decision(Answer):
    """A decision with its reasons. `partial` and `missing` are there if a model is silent."""

    prediction_id: str
    client_id: str
    created_at: str
    language: Language
    decision: Decided
    decision_basis: str
    probability_of_default: float | None
    score: int | None
    cut_offs: CutOffs
    disagreement: int | None
    reasons: list[Reason]
    models: dict[str, ModelAnswer]
    policy_version: str
    consents: list[str] | UnsetType = UNSET
    offer: Terms | UnsetType = UNSET
    rules: list[FiredRule] | UnsetType = UNSET
    unseen: list[str] | UnsetType = UNSET
    partial: bool | UnsetType = UNSET
    missing: list[str] | UnsetType = UNSET
    counter_offer_of: str | UnsetType = UNSET
    batch: BatchRow | UnsetType = UNSET


class Pending(Answer):
    """An analysis that goes on; `predictionUrl` answers 202 until the decision is stored."""

    prediction_url: str


if TYPE_CHECKING:
    ListedDecision = Decision
else:  # a list may leave out any field: `fields` of the query names those that it has
    ListedDecision = msgspec.defstruct(
        "ListedDecision",
        [(one.name, one.type | UnsetType, UNSET) for one in msgspec.structs.fields(Decision)],
        bases=(Answer,),
    )


class DecisionPage(Answer):
    """A client's decisions, the newest first; `next` is the cursor of the following page."""

    predictions: list[ListedDecision]
    next: str | None


class DecisionList(Answer):
    """The bank's decisions, the newest first; `next` is the cursor of the following page."""

    decisions: list[ListedDecision]
    next: str | None


class Outcome(Answer):
    """An outcome of a loan. `source` says whose word it is: API, FILE, PERSON or OTHER."""

    outcome: Literal["paid", "defaulted"]
    when: str
    told_at: str
    source: str
    granted: str | UnsetType = UNSET


class StoredOutcome(Outcome, kw_only=True):
    prediction_id: str
    client_id: str


class FinalDecision(Answer):
    """The decision after people's acts, and whose it is."""

    decision: Decided
    decided_by: DecidedBy
    text: str
    at: str


class ContestState(Answer):
    """A contest. People of the bank also see who filed it, and the applicant's words."""

    at: str
    state: Literal["OPEN", "ENDED"]
    outcome: Literal["CHANGED", "UPHELD"] | UnsetType = UNSET
    by: dict[str, str] | UnsetType = UNSET
    text: str | UnsetType = UNSET


class ShownVerdict(Answer):
    verdict: Verdict
    reason: str
    at: str
    final: Verdict | UnsetType = UNSET
    text: str | UnsetType = UNSET
    by: dict[str, str] | UnsetType = UNSET


class Acts(Answer):
    """The acts of people about a decision."""

    client_id: str
    prediction_id: str
    final_decision: FinalDecision
    awaits: Literal["PERSON", "SECOND_PERSON"] | None
    contest: ContestState | None
    reviews: list[ShownVerdict]


class Case(Answer):
    """A case of the reviewers' queue, which a person may have claimed."""

    client_id: str
    prediction_id: str
    kind: Literal["REVIEW", "CONTEST"]
    priority: str
    opened_at: str
    due_at: str
    awaits: Literal["PERSON", "SECOND_PERSON"]
    is_overdue: bool
    claimed_by: Person | UnsetType = UNSET
    claimed_until: str | UnsetType = UNSET


class PersonsCase(Case, kw_only=True):
    """The open case of a decision, to a person of the bank: `barred` says why it is not theirs."""

    barred: str | UnsetType = UNSET


class StoredDecision(Decision, kw_only=True):
    """A decision as stored, with the evidence of its replay, its outcomes and people's acts."""

    application: dict[str, Value]
    evidence: dict[str, Any]
    outcomes: list[Outcome]
    final_decision: FinalDecision
    awaits: Literal["PERSON", "SECOND_PERSON"] | None
    contest: ContestState | None
    reviews: list[ShownVerdict]
    case: PersonsCase | UnsetType = UNSET
    requested_by: dict[str, str] | UnsetType = UNSET


class Today(Answer):
    """The decision that the application would get today, by these versions of the models."""

    decision: Decided
    decision_basis: str
    score: int | None
    probability_of_default: float | None
    disagreement: int | None
    models: dict[str, str]
    rules: list[FiredRule] | UnsetType = UNSET
    unseen: list[str] | UnsetType = UNSET


class FieldChange(Answer):
    """A feature's value and the one that would do."""

    feature: str
    title: str
    to: Value
    from_value: Value = msgspec.field(name="from")


class Change(Answer):
    """The smallest change of an application that would be approved, or why there is none."""

    client_id: str
    prediction_id: str
    outcome: ChangeOutcome
    text: str
    changes: list[FieldChange]
    today: Today | None
    afterwards: Today | None
    tried: int
    policy_version: str
    language: Language


class CounterOffer(Answer):
    """The largest amount that would be approved, with its terms, or why there is none."""

    client_id: str
    prediction_id: str
    outcome: OfferOutcome
    text: str
    largest_amount: float | None
    offer: Terms | None
    open_until: str | None
    taken: str | None
    today: Today | None
    tried: int
    policy_version: str
    language: Language
