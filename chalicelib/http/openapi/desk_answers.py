"""Types of answers to people at the desk, and about the bank's models and state."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from chalicelib.foundation.text import Language
from chalicelib.http.openapi.decision_answers import Answer, Case, Person


class CasePage(Answer):
    """Open cases, the soonest due first."""

    reviews: list[Case]
    next: str | None


class Overrides(Answer):
    low_side: int
    high_side: int


class Fates(Answer):
    paid: int
    defaulted: int
    open: int
    bad_rate: float | None


class Figures(Answer):
    """Figures of cases that people ended, beside what the score says."""

    ended: int
    approved: int
    declined: int
    by_second_person: int
    scored: int
    overrides: Overrides
    override_rate: float | None
    agreement_with_score: float | None
    outcomes: Fates
    outcomes_of_overrides: Fates


class ReviewersFigures(Figures, kw_only=True):
    reviewer: Person


class Portfolio(Answer):
    """The figures of a period: of all cases, and by reviewer, reason and kind of case."""

    from_day: str = msgspec.field(name="from")
    to: str
    next: str | None
    all: Figures
    by_reviewer: list[ReviewersFigures]
    by_reason: dict[str, Figures]
    by_case: dict[str, Figures]


class PolicyPeriod(Answer):
    policy: str
    from_time: str = msgspec.field(name="from")
    act: str


class PolicyAct(Answer):
    """An act on a policy: who drafted, approved, rolled back or deployed it."""

    id: str
    kind: str
    policy: str
    at: str
    by: Person
    effective_from: str | UnsetType = UNSET
    draft: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class Approval(Answer):
    by: Person
    at: str


class PolicyDraft(PolicyAct, kw_only=True):
    approvals: list[Approval]
    missing_approvals: int


class ApprovedDraft(PolicyDraft, kw_only=True):
    """A draft after an approval. It comes into force at `inForceFrom`, once two people approved."""

    in_force_from: str | None


class Policies(Answer):
    """The policy in force, those to come, drafts, and every act, the newest first."""

    in_force: PolicyPeriod | None
    scheduled: list[PolicyPeriod]
    drafts: list[PolicyDraft]
    acts: list[PolicyAct]
    deployed: str


class PolicyDocument(Answer):
    version: str
    policy: dict[str, Any]
    acts: list[PolicyAct]


class PolicySwapSet(Answer):
    """The newest decisions that a draft turns."""

    draft: str
    policy: str
    before: dict[str, Any]
    after: dict[str, Any]
    swap_set: dict[str, Any]


class ErasedClass(Answer):
    """A class of records of an erased client: what went, what stays, until when, by which law."""

    name: str = msgspec.field(name="class")
    erased: int | UnsetType = UNSET
    pseudonymised: int | UnsetType = UNSET
    kept: int | UnsetType = UNSET
    until: str | UnsetType | None = UNSET
    law: str | UnsetType = UNSET


class ErasedFiles(Answer):
    erased: int


class Erasure(Answer):
    at: str
    reason: str
    language: Language
    classes: list[ErasedClass]
    files: ErasedFiles


class Models(Answer):
    """Each model in service with its origin and figures, the drift report and the vintages."""

    models: dict[str, dict[str, Any]]
    drift: dict[str, Any] | None
    vintages: Any


class KeptSignOff(Answer):
    """A person's verdict on a challenger."""

    verdict: Literal["APPROVE", "REFUSE"]
    reason: str
    at: str
    by: Person
    sha256: str


class ListedChallenger(Answer):
    """A challenger that passed the gate, and the verdict of the person who signed it off."""

    id: str
    model: str
    version: str
    job: str
    sha256: str
    champion: str
    since: str
    report: str
    promoted: bool
    sign_off: KeptSignOff | None


class ChallengerList(Answer):
    models: dict[str, list[ListedChallenger]]


class Probe(Answer):
    status: str
    milliseconds: int | UnsetType = UNSET
    cause: str | UnsetType = UNSET


class Ready(Answer):
    """The models that answer now."""

    status: Literal["READY", "PARTIAL"]
    checked_at: str
    models: dict[str, Probe]


class Health(Answer):
    """The process runs, with this policy."""

    status: Literal["ok"]
    product: str
    policy_version: str
