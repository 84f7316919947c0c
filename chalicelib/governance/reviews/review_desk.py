"""The desk of reviewers: the queue, claims, and verdicts that end cases.

The act beside the decision is the record, and it is written before the queue follows it. Of two
people who act at once, the one whose act is stored first has acted.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from chalicelib.decisions.outcome_rules import counting_outcome
from chalicelib.foundation.text import Language, Text
from chalicelib.governance import repeats
from chalicelib.governance.policies.times import written_at
from chalicelib.governance.reviews.cases import (
    case_of,
    effects_fired,
    score_says,
    shown_case,
)
from chalicelib.governance.reviews.review_acts import CaseState, ReviewAct, barred, ends, state_of
from chalicelib.governance.reviews.review_problems import ReviewConflict, SamePerson
from chalicelib.governance.reviews.review_requests import (
    VerdictRequest,
    queue_request,
    verdict_request,
)
from chalicelib.profile import Profile

Document = dict[str, Any]
By = dict[str, str]

REPEATED = 2  # so many verdicts back, the same words are a repeat: another's may have come between
MOST_VERDICTS = 20  # of a case; from then on only a verdict that ends it is taken

NOTHING = Text(
    es="No hay nada que revisar: la decisión ya es definitiva. El solicitante puede impugnarla.",
    en="There is nothing to review: the decision is final. The applicant can contest it.",
)
CLAIMED = Text(
    es="Otra persona tiene el caso hasta {until}.", en="Another person has the case until {until}."
)
CLOSED = Text(
    es="El caso está cerrado: consulte la decisión y su contraoferta.",
    en="The case is closed: look at the decision and its counter-offer.",
)
AT_ONCE = Text(
    es="Otra persona actuó al mismo tiempo. Consulte la decisión antes de volver a actuar.",
    en="Another person acted at the same time. Look at the decision before you act again.",
)
HAS_OUTCOMES = Text(
    es="El préstamo tiene resultados que cuentan: se concedió, y no se puede rechazar.",
    en="The loan has outcomes that count: it was granted, so it can't be declined.",
)
BEING_TAKEN = Text(
    es="El solicitante está tomando la contraoferta. Inténtelo de nuevo en unos minutos.",
    en="The applicant is taking the counter-offer. Try again in some minutes.",
)
TAKEN = Text(
    es="El solicitante tomó la contraoferta de la predicción {id}: esta ya no se decide.",
    en="The applicant took the counter-offer of the prediction {id}: this one is closed.",
)
DISAGREED = Text(
    es="El caso tiene {most} veredictos: solo se admite uno que coincida con el anterior.",
    en="The case has {most} verdicts: only one that agrees with the last is taken.",
)


class Offered(Protocol):
    """The state of a counter-offer: the prediction that took it, or an attempt under way."""

    @property
    def taken(self) -> str | None: ...
    @property
    def is_pending(self) -> bool: ...


OfferOf = Callable[[Document, Sequence[ReviewAct]], Offered]


class Predictions(Protocol):
    def get(self, client_id: str, prediction_id: str) -> Document: ...
    def acts(self, client_id: str, prediction_id: str) -> list[Document]: ...
    def outcomes(self, client_id: str, prediction_id: str) -> list[Document]: ...
    def add_act(
        self, client_id: str, prediction_id: str, number: int, act: Document
    ) -> Document: ...


class Queue(Protocol):
    def open(self, case: Document) -> None: ...
    def get(self, client_id: str, prediction_id: str) -> Document | None: ...
    def page(self, limit: int, after: str) -> list[Document]: ...
    def claim(
        self, case: Mapping[str, Any], by: Mapping[str, str], now: str, until: str
    ) -> bool: ...
    def release(self, case: Mapping[str, Any], by: Mapping[str, str]) -> bool: ...
    def hand_on(self, case: Mapping[str, Any], first: Mapping[str, str]) -> None: ...
    def close(self, case: Mapping[str, Any], at: str) -> None: ...


class ReviewDesk:
    """The cases of a bank at one time, as its reviewers decide them."""

    def __init__(
        self,
        predictions: Predictions,
        queue: Queue,
        offer_of: OfferOf,
        profile: Profile,
        now: datetime,
    ) -> None:
        self._predictions = predictions
        self._offer_of = offer_of
        self._queue = queue
        self._profile = profile
        self._now = now
        self._at = written_at(now)

    def waiting(self, query: Mapping[str, str]) -> Document:
        """Return open cases, the soonest due first. Raises InvalidRequest."""
        asked = queue_request(query)
        found = self._queue.page(asked.limit, asked.after)
        following = found[-1]["dueOrder"] if len(found) == asked.limit else None
        return {"reviews": [shown_case(one, self._at) for one in found], "next": following}

    def case_for(self, by: By, stored: Document, language: Language) -> Document | None:
        """Return the open case of a decision, and why this person may not decide it, if so; None if
        there is nothing to decide.
        """
        state = self._state(stored)
        if state.case is None:
            return None
        why = barred(state, by, stored.get("requestedBy", {}))
        case = shown_case(self._case(stored, state), self._at)
        return case | ({"barred": why.said_in(language)} if why else {})

    def claim(self, stored: Document, by: By) -> Document:
        """Give the case to a person for a time. Raises ReviewConflict and SamePerson."""
        state = self._state(stored)
        self._require_not_taken(state, stored)
        case = self._case(stored, state)
        self._require_may_decide(state, stored, by)
        self._queue.open(case)
        until = written_at(self._now + timedelta(minutes=self._profile.review.claim_minutes))
        if not self._queue.claim(case, by, self._at, until):
            self._require_unclaimed(self._queue.get(*_key(stored)), by)
            raise ReviewConflict(CLOSED)
        return shown_case(case | {"claimedBy": by, "claimedUntil": until}, self._at)

    def release(self, stored: Document, by: By) -> Document:
        """End a person's claim; one that there is not any more is ended already.

        Raises ReviewConflict while another person has the case.
        """
        state = self._state(stored)
        case = self._case(stored, state)
        self._require_unclaimed(case, by)
        self._queue.release(case, by)
        open_to_all = {name: value for name, value in case.items() if name != "claimedUntil"}
        return shown_case(open_to_all, self._at)

    def review(self, stored: Document, body: Any, by: By) -> None:
        """Store a person's verdict. A repeat, in the same words, changes nothing.

        Raises InvalidRequest, ReviewConflict, and SamePerson if another person must decide.
        """
        asked = verdict_request(body, self._profile.review)
        state = self._state(stored)
        act = self._act(stored, state, asked, by)
        if repeats.first_of(act, state.verdicts[-REPEATED:]) is None:
            self._require_open(state, stored, act)
            self._add(stored, state, act)
        self._follow(stored, self._state(stored))

    def _require_open(self, state: CaseState, stored: Document, act: ReviewAct) -> None:
        self._require_not_taken(state, stored)
        case = self._case(stored, state)
        self._require_may_decide(state, stored, act.by)
        self._require_unclaimed(case, act.by)
        if act.final == "DECLINE" and self._has_outcome(stored):
            raise ReviewConflict(HAS_OUTCOMES)
        if len(state.verdicts) >= MOST_VERDICTS and not act.final:
            raise ReviewConflict(DISAGREED.format(most=MOST_VERDICTS))

    def _require_not_taken(self, state: CaseState, stored: Document) -> None:
        """Raise ReviewConflict once the counter-offer is taken, and close the case then."""
        offered = self._offer_of(stored, state.acts)
        if offered.is_pending:
            raise ReviewConflict(BEING_TAKEN)
        if offered.taken:
            self._queue.close({**_ids(stored), "kind": state.case or "REVIEW"}, self._at)
            raise ReviewConflict(TAKEN.format(id=offered.taken))

    def _has_outcome(self, stored: Document) -> bool:
        """Return whether an outcome counts: the word of an untrusted key does not."""
        told = self._predictions.outcomes(*_key(stored))
        return counting_outcome("APPROVE", told, self._profile.outcomes.rules) is not None

    def _act(self, stored: Document, state: CaseState, asked: VerdictRequest, by: By) -> ReviewAct:
        """Return the act of a verdict, with what the portfolio counts if it ends the case."""
        act = ReviewAct("VERDICT", self._at, by, asked.text, asked.verdict, asked.reason)
        rules, application = effects_fired(stored), stored["application"]
        two_needed = self._profile.review.needs_second_person(asked.verdict, application, rules)
        if not state.case or not ends(state, asked.verdict, by, two_needed=two_needed):
            return act
        standing = state.standing
        agreed = standing is not None and standing.verdict == asked.verdict
        return msgspec.structs.replace(
            act,
            final=asked.verdict,
            case=state.case,
            proposed=standing.by if standing and agreed else by,
            automatic=stored["decision"],
            score_says=score_says(stored),
        )

    def _add(self, stored: Document, state: CaseState, act: ReviewAct) -> None:
        """Store an act behind those that were read. Raises ReviewConflict if another came first."""
        document = msgspec.to_builtins(act)
        kept = self._predictions.add_act(*_key(stored), len(state.acts), document)
        if not msgspec.convert(kept, ReviewAct).says(act):
            raise ReviewConflict(AT_ONCE)

    def _follow(self, stored: Document, state: CaseState) -> None:
        """Bring the queue to the state of the records. An open case that it has lost comes back."""
        if state.case and state.standing:
            self._queue.open(case_of(stored, state, self._profile))
            self._queue.hand_on({**_ids(stored), "kind": state.case}, state.standing.by)
        elif state.case is None:
            kind = "CONTEST" if state.contest else "REVIEW"
            self._queue.close({**_ids(stored), "kind": kind}, self._at)

    def _case(self, stored: Document, state: CaseState) -> Document:
        """Return the open case, also of a decision that the queue has lost or never had.

        One that is over leaves the queue. Raises ReviewConflict if there is nothing to decide.
        """
        if state.case is None:
            self._follow(stored, state)
            raise ReviewConflict(NOTHING)
        case = self._queue.get(*_key(stored))
        if case is None or case["kind"] != state.case:  # decided before there was a queue
            return case_of(stored, state, self._profile)
        return case

    def _require_may_decide(self, state: CaseState, stored: Document, by: By) -> None:
        if why := barred(state, by, stored.get("requestedBy", {})):
            raise SamePerson(why)

    def _require_unclaimed(self, case: Document | None, by: By) -> None:
        """Raise ReviewConflict while another person's claim lasts."""
        until = str((case or {}).get("claimedUntil", ""))
        if until > self._at and (case or {})["claimant"] != by["sub"]:
            raise ReviewConflict(CLAIMED.format(until=until))

    def _state(self, stored: Document) -> CaseState:
        acts = self._predictions.acts(*_key(stored))
        return state_of(stored["decision"], acts, is_attempt="counterOfferOf" in stored)


def _ids(stored: Document) -> Document:
    return {name: stored[name] for name in ("clientId", "predictionId")}


def _key(stored: Document) -> tuple[str, str]:
    return stored["clientId"], stored["predictionId"]
