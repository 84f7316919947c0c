"""The analysis of one application: POST /predict, saveResult, and a client's predictions."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn, Protocol

import msgspec

from chalicelib.decisions.application import CreditApplication
from chalicelib.decisions.decision import REQUESTED_BY, decision_record
from chalicelib.decisions.intake.analysis_machine import NOT_DECIDED, location
from chalicelib.decisions.intake.idempotency_keys import KEY_DAYS, asked_by, claimed
from chalicelib.decisions.intake.pending_analyses import Turns
from chalicelib.foundation import observability
from chalicelib.foundation.errors import (
    AnalysisPending,
    NoModelInService,
    PredictionNotFound,
    Problem,
)
from chalicelib.foundation.expiry import utc_now
from chalicelib.foundation.text import Language
from chalicelib.profile import Profile
from chalicelib.scoring import consents
from chalicelib.scoring.branch_results import Answer, Scored, Unavailable

Document = dict[str, Any]


class Predictions(Protocol):
    def add(self, prediction: Document) -> Document: ...
    def claim(self, client_id: str, key: str, claim: Document, days: int | None) -> Document: ...
    def claimed(self, client_id: str, key: str) -> Document | None: ...
    def mark(self, client_id: str, name: str, mark: Document, days: int) -> None: ...
    def take(
        self, client_id: str, name: str, mark: Document, days: int, seen: Document | None
    ) -> bool: ...
    def get(self, client_id: str, prediction_id: str) -> Document: ...


class Machine(Protocol):
    def run(self, request: Document) -> Document: ...
    def start(self, request: Document) -> None: ...


@dataclass(frozen=True, slots=True)
class Analysed:
    """A stored decision as its caller sees it. `is_replayed`: it was there before the request."""

    decision: Document
    is_replayed: bool = False


@dataclass(frozen=True, slots=True)
class Analyses:
    """Analyses of applications. All raise NoModelInService before a key is claimed if no model
    `ever_served`: nothing is stored, so the key is free for another application.
    """

    machine: Machine
    predictions: Predictions
    ever_served: Callable[[], bool]
    now: Callable[[], datetime] = utc_now

    def analyse(
        self, request: Document, idempotency_key: str | None, *, respond_async: bool = False
    ) -> Analysed:
        """Return the decision on a request; under a key, that of the first request with it in the
        last 24 hours.

        Raises AnalysisPending where the analysis goes on: after the caller's patience, at once if
        `respond_async`. Raises IdempotencyConflict if the first was for another application.
        """
        if idempotency_key is None:
            return self._decided(request, respond_async=respond_async)
        return self._once(request, idempotency_key, KEY_DAYS, respond_async=respond_async)

    def analyse_for_good(self, request: Document, name: str) -> Document:
        """Return the decision on the first request of this client under a name, which lives as
        long as the decision. Raises what `analyse` raises.
        """
        return self._once(request, name, None, respond_async=False).decision

    def _once(
        self, request: Document, key: str, days: int | None, *, respond_async: bool
    ) -> Analysed:
        if not self.ever_served():
            raise NoModelInService
        first = claimed(request, key, self.predictions, days)
        if first.is_repeat:
            if stored := _stored(first.request, self.predictions):
                return Analysed(answer(stored), is_replayed=True)
            if not self._turns.is_free(first.request):
                where = location(first.request)
                raise AnalysisPending(where, is_asked=respond_async, is_replayed=True)
        try:
            return self._decided(first.request, respond_async=respond_async)
        except Problem:
            self._turns.end(first.request)
            raise

    def _decided(self, request: Document, *, respond_async: bool) -> Analysed:
        if respond_async:
            self._start(request)
        try:
            return Analysed(answer(self.machine.run(request)))
        except AnalysisPending:
            self._turns.keep(request)
            raise

    def _start(self, request: Document) -> NoReturn:
        """Start an analysis, and raise AnalysisPending.

        The start comes before its mark, so that a mark without an analysis can't be.
        """
        if not self.ever_served():
            raise NoModelInService
        self.machine.start(request)
        self._turns.keep(request)
        raise AnalysisPending(location(request), is_asked=True)

    @property
    def _turns(self) -> Turns:
        return Turns(self.predictions, self.now)


def record(
    event: Document,
    profile: Profile,
    predictions: Predictions,
    ever_served: Callable[[], bool],
    *,
    review_only: bool = False,
    open_case: Callable[[Document], None] | None = None,
) -> Document:
    """Decide by the answers of the three models, and return the decision as stored (saveResult).

    `open_case` gets what is left to a person, before it is stored. NOT_DECIDED is not stored. A
    repeated execution may decide otherwise than the first, whose decision is the stored one.
    """
    answers: dict[str, Answer] = msgspec.convert(event["models"], dict[str, Answer])
    is_silent = not any(isinstance(answer, Scored) for answer in answers.values())
    if is_silent and not ever_served():
        return {**NOT_DECIDED}
    decided = decision_record(event, answers, profile, review_only=review_only)
    if open_case and decided["decision"] == "REVIEW" and "counterOfferOf" not in decided:
        if earlier := _stored(decided, predictions):
            return earlier
        open_case(decided)
    stored = predictions.add(decided)
    causes = {name: one.cause() for name, one in answers.items() if isinstance(one, Unavailable)}
    observability.decided(stored, causes)
    return stored


def answer(prediction: Document) -> Document:
    """Return a prediction without its application, evidence and the person who asked for it, which
    stay in the table.
    """
    recorded = ("application", "evidence", REQUESTED_BY)
    return {name: value for name, value in prediction.items() if name not in recorded}


def new_request(
    application: CreditApplication, language: Language, requested_by: Document | None = None
) -> Document:
    """Return a request with an id of its own.

    `requested_by` is the person who asks, by their verified token; the prediction keeps them.
    """
    now = datetime.now(UTC)
    return {
        # 12 digits of milliseconds, then chance: ids sort by time.
        "predictionId": f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}",
        "clientId": application.client_id,
        "createdAt": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "language": language,
        "application": application.values,
        **consents.recorded(application.consents),
        **asked_by(requested_by),
    }


def _stored(request: Document, predictions: Predictions) -> Document | None:
    try:
        return predictions.get(request["clientId"], request["predictionId"])
    except PredictionNotFound:
        return None
