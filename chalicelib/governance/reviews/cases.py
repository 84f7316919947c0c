"""Cases of people's queue, and what callers see of a decision that people may decide on. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.foundation.text import Language, Text
from chalicelib.governance.policies.times import written_at
from chalicelib.governance.reviews.review_acts import CaseState, ReviewAct, state_of
from chalicelib.profile import Profile

Document = dict[str, Any]

CONTEST_PRIORITY = "CONTEST"
AUTOMATIC = Text(
    es="La decisión es automática: ninguna persona intervino.",
    en="The decision is automated: no person took part.",
)
BY_A_PERSON = Text(es="La decidió una persona.", en="A person decided.")
BY_COUNTER_OFFER = Text(
    es="El solicitante tomó la contraoferta: vale la predicción {id}.",
    en="The applicant took the counter-offer: the prediction {id} counts.",
)
NOT_TAKEN = Text(
    es="El monto menor no se aprobó: la primera solicitud sigue como estaba.",
    en="The lower amount was not approved: the first application stands as before.",
)
PENDING = Text(es="Una persona tiene que decidir.", en="A person has to decide.")


def review_case(stored: Mapping[str, Any], profile: Profile) -> Document:
    """Return the case of a decision that is left to a person. It is the same at each retry."""
    opened = datetime.fromisoformat(stored["createdAt"])
    found = profile.review.priority(stored["decisionBasis"], stored["application"])
    due = opened + timedelta(hours=found.due_hours)
    return _case(stored, "REVIEW", found.name, opened, due)


def contest_case(stored: Mapping[str, Any], profile: Profile, now: datetime) -> Document:
    """Return the case of a decision that is contested now."""
    due = now + timedelta(days=profile.contest.due_days)
    return _case(stored, "CONTEST", CONTEST_PRIORITY, now, due)


def case_of(stored: Mapping[str, Any], state: CaseState, profile: Profile) -> Document:
    """Return the case that a state asks a person to decide."""
    if state.contest and state.case == "CONTEST":
        return contest_case(stored, profile, datetime.fromisoformat(state.contest.at))
    return review_case(stored, profile)


def _case(
    stored: Mapping[str, Any], kind: str, priority: str, opened: datetime, due: datetime
) -> Document:
    return {
        "clientId": stored["clientId"],
        "predictionId": stored["predictionId"],
        "kind": kind,
        "priority": priority,
        "openedAt": written_at(opened),
        "dueAt": written_at(due),
    }


def shown_case(case: Mapping[str, Any], now: str) -> Document:
    """Return a case as the queue shows it: who has claimed it, while the claim lasts."""
    names = ("clientId", "predictionId", "kind", "priority", "openedAt", "dueAt")
    shown = {name: case[name] for name in names}
    shown |= {"awaits": case.get("awaits", "PERSON"), "isOverdue": case["dueAt"] < now}
    if case.get("claimedUntil", "") > now:
        shown |= {name: case[name] for name in ("claimedBy", "claimedUntil")}
    return shown


def shown(
    stored: Mapping[str, Any],
    acts: Sequence[Document],
    taken: str | None,
    language: Language,
    *,
    to_people: bool,
) -> Document:
    """Return what people did about a decision: the final decision, the verdicts, the contest.

    `taken` is the prediction that took its counter-offer. People of the bank also see who acted,
    and their words; machines do not.
    """
    is_attempt = "counterOfferOf" in stored
    state = state_of(stored["decision"], acts, is_attempt=is_attempt, taken=taken)
    by, text = decided_by(state)
    final = {"decision": state.decision, "decidedBy": by, "text": text.said_in(language)}
    return {
        **{name: stored[name] for name in ("clientId", "predictionId")},
        "finalDecision": final | {"at": state.ended.at if state.ended else stored["createdAt"]},
        "awaits": ("SECOND_PERSON" if state.standing else "PERSON") if state.case else None,
        "contest": _contest(state, to_people=to_people),
        "reviews": [
            _shown_verdict(one, to_people=to_people) for one in state.acts if one.act == "VERDICT"
        ],
    }


def decided_by(state: CaseState) -> tuple[str, Text]:
    """Return who made the final decision, as a code and as a sentence."""
    if state.taken:
        return "COUNTER_OFFER", BY_COUNTER_OFFER.format(id=state.taken)
    if state.ended:
        return "PERSON", BY_A_PERSON
    if state.is_attempt and state.decision == "REVIEW":
        return "AUTOMATIC", NOT_TAKEN
    return ("PENDING", PENDING) if state.decision == "REVIEW" else ("AUTOMATIC", AUTOMATIC)


def score_says(stored: Mapping[str, Any]) -> str:
    """Return what the score alone says by the cut-offs of its day: APPROVE, DECLINE, or NEITHER."""
    score, cuts = stored.get("score"), stored["cutOffs"]
    if score is None or cuts["declineBelow"] <= score < cuts["approveFrom"]:
        return "NEITHER"
    return "APPROVE" if score >= cuts["approveFrom"] else "DECLINE"


def effects_fired(stored: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the effects of the rules that fired."""
    return tuple(str(one["effect"]) for one in stored.get("rules", ()))


def _contest(state: CaseState, *, to_people: bool) -> Document | None:
    if state.contest is None:
        return None
    words = {"by": state.contest.by, "text": state.contest.text} if to_people else {}
    shown: Document = {"at": state.contest.at, **words}
    if state.contest_outcome is None:
        return shown | {"state": "OPEN"}
    return shown | {"state": "ENDED", "outcome": state.contest_outcome}


def _shown_verdict(act: ReviewAct, *, to_people: bool) -> Document:
    words = {"text": act.text, "by": act.by} if to_people else {}
    parts = {
        "verdict": act.verdict,
        "reason": act.reason,
        "at": act.at,
        "final": act.final,
        **words,
    }
    return {name: value for name, value in parts.items() if value}
