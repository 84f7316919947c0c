"""Operations of the API: what each route takes and answers beside the table of who may call it."""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.decisions.intake.batches import batch_problems
from chalicelib.decisions.intake.pending_analyses import AnalysisFailed
from chalicelib.foundation import errors as e
from chalicelib.governance.archive.archive_problems import NoPack
from chalicelib.governance.erasure.erasure_problems import ErasureUnfinished
from chalicelib.governance.model_acts.model_act_problems import (
    ModelActConflict,
    ModelVersionNotFound,
)
from chalicelib.governance.policies.policy_problems import (
    InvalidPolicy,
    PolicyConflict,
    PolicyNotFound,
)
from chalicelib.governance.reviews.review_problems import ContestClosed, ReviewConflict, SamePerson
from chalicelib.governance.sign_offs.sign_off_problems import ChallengerNotFound, SignOffConflict
from chalicelib.http.openapi import batch_answers
from chalicelib.http.openapi import console_answers as console
from chalicelib.http.openapi import decision_answers as decisions
from chalicelib.http.openapi import desk_answers as desk
from chalicelib.http.openapi.rights_answers import Explanation

Problems = tuple[type[e.Problem], ...]

_BODY: Problems = (e.InvalidRequest, e.RequestTooLarge, e.UnsupportedMediaType)
_ANALYSED: Problems = (e.AnalysisUnavailable, e.NoModelInService, e.PolicyUnavailable)
_POLICIES: Problems = (e.PolicyUnavailable,)
_BATCHES: Problems = (
    batch_problems.BatchNotFound, batch_problems.BatchNotUploaded, batch_problems.BatchExpired,
    batch_problems.AnotherBatchRuns, e.NoModelInService,
)  # fmt: skip
_ONE: Problems = (e.PredictionNotFound, e.TableUnavailable)


@dataclass(frozen=True)
class Operation:
    """A route: its name, a summary, and the type of its answer.

    `problems` are its own, beside those of every route. `leads_to` names operations that take ids
    out of the answer.
    """

    method: str
    path: str
    name: str
    summary: str
    answer: Any
    problems: Problems
    leads_to: tuple[str, ...] = ()
    may_wait: bool = False  # it answers 202 while an analysis goes on
    once: bool = False  # it takes an Idempotency-Key, and a caller may prefer not to wait
    lists: bool = False  # it answers a page of a list, as CSV to whoever asks for it
    tag: str = field(default="decisions")


_DECISION = "/predictions/{clientId}/{predictionId}"
_FOLLOW = ("getPrediction", "explain", "findChange", "findOffer")

OPERATIONS = (
    Operation("POST", "/predict", "predict", "Score, decide, explain and store one application",
              decisions.Decision, (*_BODY, e.InvalidApplication, e.IdempotencyConflict, *_ANALYSED),
              leads_to=(*_FOLLOW, "reportOutcome", "contest"), may_wait=True,
              once=True),
    Operation("GET", "/decisions", "listDecisions",
              "List the bank's decisions of some days, the newest first", decisions.DecisionList,
              (e.InvalidRequest, e.TableUnavailable), lists=True),
    Operation("GET", "/predictions/{clientId}", "listPredictions",
              "List a client's decisions, the newest first", decisions.DecisionPage,
              (e.InvalidRequest, e.TableUnavailable), lists=True),
    Operation("GET", _DECISION, "getPrediction",
              "Get a decision as stored, with its outcomes and what people did about it",
              decisions.StoredDecision, (*_ONE, AnalysisFailed), may_wait=True),
    Operation("POST", f"{_DECISION}/outcome", "reportOutcome", "Report the outcome of a loan",
              decisions.StoredOutcome,
              (*_BODY, e.InvalidOutcome, *_ONE, e.NotALoan, e.TooManyOutcomes)),
    Operation("GET", f"{_DECISION}/change", "findChange",
              "Find the smallest change that would be approved", decisions.Change,
              (*_ONE, *_ANALYSED)),
    Operation("POST", f"{_DECISION}/trial", "tryChanges",
              "Try other values of a stored application, without storing anything", console.Trial,
              (*_BODY, e.InvalidApplication, *_ONE, *_ANALYSED)),
    Operation("GET", f"{_DECISION}/replay", "replay",
              "Make a stored decision again by the models in service", console.Replay, _ONE),
    Operation("GET", f"{_DECISION}/evidence", "getEvidence",
              "Get the pack of evidence of a decision, with its verifier",
              console.EvidencePack, (*_ONE, NoPack)),
    Operation("GET", f"{_DECISION}/offer", "findOffer",
              "Find the largest amount that would be approved", decisions.CounterOffer,
              (*_ONE, *_ANALYSED)),
    Operation("POST", f"{_DECISION}/offer", "takeOffer", "Take a counter-offer",
              decisions.Decision, (*_BODY, *_ONE, e.CounterOfferClosed, *_ANALYSED),
              leads_to=_FOLLOW, may_wait=True),
    Operation("GET", f"{_DECISION}/explanation", "explain",
              "Explain a decision to its applicant; a page for browsers", Explanation, _ONE,
              tag="rights"),
    Operation("POST", f"{_DECISION}/contest", "contest", "Contest a decision", decisions.Acts,
              (*_BODY, *_ONE, ContestClosed), tag="rights"),
    Operation("POST", "/batches", "postBatch",
              "Ask for an upload of a file of applications, or decide a file that was uploaded",
              batch_answers.Batch, (*_BODY, *_BATCHES), tag="batches"),
    Operation("GET", "/batches/{batchId}", "getBatch", "Get the state and progress of a batch",
              batch_answers.Batch, (batch_problems.BatchNotFound,), tag="batches"),
    Operation("GET", "/reviews", "listReviews", "List open cases, the soonest due first",
              desk.CasePage, (e.InvalidRequest, e.TableUnavailable), tag="reviews"),
    Operation("POST", f"{_DECISION}/review/claim", "claimReview", "Claim a case for a time",
              decisions.Case, (*_ONE, ReviewConflict, SamePerson), tag="reviews"),
    Operation("POST", f"{_DECISION}/review/release", "releaseReview", "Release a claimed case",
              decisions.Case, (*_ONE, ReviewConflict), tag="reviews"),
    Operation("POST", f"{_DECISION}/review", "review", "Give a verdict on a case", decisions.Acts,
              (*_BODY, *_ONE, ReviewConflict, SamePerson), tag="reviews"),
    Operation("GET", "/portfolio", "getPortfolio", "Get the figures of people's decisions",
              desk.Portfolio, (e.InvalidRequest, e.TableUnavailable), tag="reviews"),
    Operation("GET", "/policies", "listPolicies", "List policies and the acts on them",
              desk.Policies, _POLICIES, tag="policies"),
    Operation("GET", "/policies/{version}", "getPolicy", "Get a policy's document",
              desk.PolicyDocument, (PolicyNotFound, *_POLICIES), tag="policies"),
    Operation("POST", "/policies", "draftPolicy", "Draft a policy", desk.PolicyDraft,
              (*_BODY, InvalidPolicy, PolicyConflict, *_POLICIES), tag="policies"),
    Operation("GET", "/policy-drafts/{draft}/swap-set", "getSwapSet",
              "Show which of the newest decisions a draft turns", desk.PolicySwapSet,
              (e.InvalidRequest, PolicyNotFound, e.TableUnavailable, *_POLICIES), tag="policies"),
    Operation("POST", "/policy-drafts/{draft}/approval", "approvePolicy", "Approve a draft",
              desk.ApprovedDraft, (PolicyNotFound, PolicyConflict, *_POLICIES), tag="policies"),
    Operation("POST", "/policy-rollback", "rollPolicyBack", "Put an earlier policy in force",
              desk.PolicyAct, (*_BODY, InvalidPolicy, PolicyNotFound, PolicyConflict,
                               *_POLICIES), tag="policies"),
    Operation("DELETE", "/clients/{clientId}", "eraseClient",
              "Erase a client, but for what a law keeps", desk.Erasure,
              (e.InvalidRequest, ErasureUnfinished), tag="rights"),
    Operation("GET", "/models", "listModels", "List the models in service", desk.Models, (),
              tag="models"),
    Operation("GET", "/challengers", "listChallengers",
              "List challengers that a person signs off, those that wait and those with a verdict",
              desk.ChallengerList, (), tag="models"),
    Operation("POST", "/challengers/{model}/{challenger}/sign-off", "signOff",
              "Promote a challenger, or refuse it", desk.ListedChallenger,
              (*_BODY, ChallengerNotFound, SignOffConflict, SamePerson), tag="models"),
    Operation("GET", "/models/{model}/history", "getModelHistory",
              "Get a model's accepted versions and what became of each", console.ModelHistory,
              (ModelVersionNotFound,), tag="models"),
    Operation("GET", "/models/{model}/versions/{version}", "getModelVersion",
              "Get where a version stands: asked for, refused, on its way, or in service",
              console.VersionStanding, (ModelVersionNotFound,), tag="models"),
    Operation("GET", "/models/{model}/versions/{version}/card", "getModelCard",
              "Get the card of a version", console.ModelCard, (ModelVersionNotFound,),
              tag="models"),
    Operation("POST", "/models/{model}/artifacts", "uploadArtifact",
              "Ask for the upload of an artifact", console.AskedUpload,
              (*_BODY, ModelVersionNotFound), tag="models"),
    Operation("POST", "/models/{model}/rollback", "rollModelBack",
              "Have an accepted version answer again", console.VersionStanding,
              (*_BODY, ModelVersionNotFound, ModelActConflict), tag="models"),
    Operation("GET", "/product", "getProduct",
              "Describe the product's form, and what the person may call", console.Product,
              _POLICIES, tag="models"),
    Operation("GET", "/ready", "getReady", "Say which models answer now", desk.Ready,
              (e.NotReady,), tag="models"),
)  # fmt: skip
