"""Contradictions of [review] and [contest]: limits, urgencies and reasons."""

from collections.abc import Iterator
from typing import get_args

from chalicelib.profile.contradictions.rule_contradictions import CODE
from chalicelib.profile.schema import Profile
from chalicelib.profile.tables.review_tables import Priority, Verdict

LONGEST_CLAIM = 1_440  # minutes
LONGEST_DUE_HOURS = 2_160
LONGEST_CONTEST_DAYS = 365


def of_review(profile: Profile) -> Iterator[str]:
    review = profile.review
    feature = profile.asked_for().get(review.amount) if review.amount else None
    if review.amount and (feature is None or not feature.is_number):
        yield f"review.amount must name a number of the application, not {review.amount}"
    if review.second_person_above < 0:
        yield "review.second_person_above must not be below 0"
    if not 1 <= review.claim_minutes <= LONGEST_CLAIM:
        yield f"review.claim_minutes must be 1 to {LONGEST_CLAIM:,}"
    if not 1 <= profile.contest.due_days <= LONGEST_CONTEST_DAYS:
        yield f"contest.due_days must be 1 to {LONGEST_CONTEST_DAYS}"
    yield from _priorities(profile)
    yield from _reasons(profile)


def _priorities(profile: Profile) -> Iterator[str]:
    priorities = profile.review.priorities
    if not priorities or not _is_for_all(priorities[-1]):
        yield "review.priorities must end with a priority without basis and amount_at_least"
    if any(_is_for_all(one) for one in priorities[:-1]):
        yield "review.priorities: only the last may apply to all, those after it are never used"
    names = [one.name for one in priorities]
    if len({*names}) < len(names):
        yield "review.priorities must have different names"
    for one in priorities:
        yield from _of_priority(one, profile)


def _of_priority(priority: Priority, profile: Profile) -> Iterator[str]:
    place = f"review.priorities {priority.name}"
    if not CODE.fullmatch(priority.name):
        yield f"review.priorities {priority.name!r}: a name is capitals, digits and _"
    if not 1 <= priority.due_hours <= LONGEST_DUE_HOURS:
        yield f"{place}: due_hours must be 1 to {LONGEST_DUE_HOURS:,}"
    for basis in priority.basis:  # a policy of tomorrow may have rules that this file has not
        if not CODE.fullmatch(basis):
            yield f"{place}: {basis!r} is no code of a basis"
    if priority.amount_at_least is not None and profile.review.amount is None:
        yield f"{place}: amount_at_least needs review.amount"


def _is_for_all(priority: Priority) -> bool:
    return not priority.basis and priority.amount_at_least is None


def _reasons(profile: Profile) -> Iterator[str]:
    reasons = profile.review.reasons
    for code in reasons:
        if not CODE.fullmatch(code):
            yield f"review.reasons.{code}: a code is capitals, digits and _"
    given = {one.verdict for one in reasons.values()}
    for verdict in get_args(Verdict):
        if verdict not in given:
            yield f"review.reasons has none for {verdict}"
