"""The route POST …/contest: the applicant's words open a case that a person must end."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

import msgspec

from chalicelib.foundation.text import Text
from chalicelib.governance.policies.times import written_at
from chalicelib.governance.reviews.cases import case_of, contest_case
from chalicelib.governance.reviews.review_acts import CaseState, ReviewAct, state_of
from chalicelib.governance.reviews.review_desk import OfferOf
from chalicelib.governance.reviews.review_problems import ContestClosed
from chalicelib.governance.reviews.review_requests import contest_request
from chalicelib.profile import Profile

Document = dict[str, Any]

UNDECIDED = Text(
    es="Una persona aún tiene que decidir: no hay decisión que impugnar.",
    en="A person has yet to decide: there is no decision to contest.",
)
ONCE = Text(
    es="La decisión ya se impugnó el {day}: GET …/explanation dice en qué quedó.",
    en="The decision was contested on {day}: GET …/explanation says what became of it.",
)
TAKEN = Text(
    es="El solicitante tomó la contraoferta, o la está tomando: la primera decisión queda así.",
    en="The applicant took the counter-offer, or is taking it: the first decision stays as it is.",
)
OF_ATTEMPT = Text(
    es="Es un intento de tomar una contraoferta: impugne la primera decisión, {first}.",
    en="It is an attempt to take a counter-offer: contest the first decision, {first}.",
)
LATE = Text(
    es="La decisión se podía impugnar hasta el {until}.",
    en="The decision could be contested until {until}.",
)


class Predictions(Protocol):
    def acts(self, client_id: str, prediction_id: str) -> list[Document]: ...
    def add_act(
        self, client_id: str, prediction_id: str, number: int, act: Document
    ) -> Document: ...


class Queue(Protocol):
    def open(self, case: Document) -> None: ...


def filed(body: Any, by: dict[str, str], now: datetime) -> ReviewAct:
    """Return the act of a contest. Raises InvalidRequest."""
    return ReviewAct("CONTEST", written_at(now), by, contest_request(body))


def contest(
    stored: Document,
    act: ReviewAct,
    predictions: Predictions,
    queue: Queue,
    offer_of: OfferOf,
    profile: Profile,
) -> None:
    """Store a contest, and open its case. A repeat changes nothing.

    The case is opened first: if only one of the two is written, it is a case without a contest,
    which the next look at it closes. Raises ContestClosed.
    """
    key = (stored["clientId"], stored["predictionId"])
    state = state_of(stored["decision"], predictions.acts(*key))
    if state.contest is None or not state.contest.says(act):
        now = datetime.fromisoformat(act.at)
        offered = offer_of(stored, state.acts)
        if offered.taken or offered.is_pending:
            raise ContestClosed(TAKEN)
        _require_open(state, stored, profile, now.astimezone(UTC).date())
        queue.open(contest_case(stored, profile, now))
        kept = predictions.add_act(*key, len(state.acts), msgspec.to_builtins(act))
        if not msgspec.convert(kept, ReviewAct).says(act):
            first = ONCE.format(day=kept["at"][:10])
            raise ContestClosed(TAKEN if kept["act"] == "OFFER" else first)
    elif state.case == "CONTEST":
        queue.open(case_of(stored, state, profile))


def contest_until(stored: Document, state: CaseState, profile: Profile) -> date:
    """Return the last day, in UTC, on which the decision may be contested."""
    decided = state.ended.at if state.ended else stored["createdAt"]
    return datetime.fromisoformat(decided).date() + timedelta(days=profile.rights.contest_days)


def _require_open(state: CaseState, stored: Document, profile: Profile, today: date) -> None:
    if "counterOfferOf" in stored and stored["decision"] != "APPROVE":
        raise ContestClosed(OF_ATTEMPT.format(first=stored["counterOfferOf"]))
    if state.contest:
        raise ContestClosed(ONCE.format(day=state.contest.at[:10]))
    if state.case:
        raise ContestClosed(UNDECIDED)
    until = contest_until(stored, state, profile)
    if today > until:
        raise ContestClosed(LATE.format(until=until.isoformat()))
