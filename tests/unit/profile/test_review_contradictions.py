"""Tables of reviews and contests that can't be right, each refused when the profile is read."""

import msgspec
import pytest

from chalicelib.foundation.text import Text
from chalicelib.profile import load
from chalicelib.profile.contradictions.review_contradictions import of_review
from chalicelib.profile.tables.review_tables import Contest, Priority, Reason, Review

PROFILE = load()
LAST = Priority("NORMAL", 48)
TEXT = Text(es="Por esto.", en="For this.")


def refusals(contest=None, **parts) -> str:
    review = msgspec.structs.replace(Review("amount", 350_000), **parts)
    changed = msgspec.structs.replace(PROFILE, review=review, contest=contest or Contest())
    return "; ".join(of_review(changed))


def test_the_demos_tables_are_right_and_so_are_the_usual_ones():
    assert [*of_review(PROFILE)] == []
    assert refusals() == ""
    assert [*of_review(msgspec.structs.replace(PROFILE, review=Review()))] == []


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ({"amount": "state"}, "review.amount must name a number of the application, not state"),
        ({"amount": "amountPerEmployee"}, "review.amount must name a number"),
        ({"second_person_above": -0.01}, "second_person_above must not be below 0"),
        ({"claim_minutes": 0}, "claim_minutes must be 1 to 1,440"),
        ({"claim_minutes": 1_441}, "claim_minutes must be 1 to 1,440"),
        ({"priorities": ()}, "must end with a priority without"),
        ({"priorities": (Priority("A1", 1, ("SCORE",)),)}, "must end with a priority without"),
        ({"priorities": (LAST, Priority("B1", 1))}, "only the last may apply to all"),
        ({"priorities": (Priority("NORMAL", 1, ("SCORE",)), LAST)}, "different names"),
        ({"priorities": (Priority("low", 1),)}, "'low': a name is capitals"),
        ({"priorities": (Priority("A1", 0),)}, "due_hours must be 1 to 2,160"),
        ({"priorities": (Priority("A1", 2_161),)}, "due_hours must be 1 to 2,160"),
        ({"priorities": (Priority("A1", 1, ("big loan",)), LAST)}, "'big loan' is no code"),
        (
            {"amount": None, "priorities": (Priority("A1", 1, (), 5.0), LAST)},
            "amount_at_least needs review.amount",
        ),
        ({"reasons": {"A1": Reason("APPROVE", TEXT)}}, "review.reasons has none for DECLINE"),
        ({"reasons": {"a1": Reason("APPROVE", TEXT)}}, "review.reasons.a1: a code is capitals"),
    ],
)
def test_what_can_not_be_right_is_refused(parts, refusal):
    assert refusal in refusals(**parts)


@pytest.mark.parametrize(
    "parts",
    [
        {"second_person_above": 0.0},
        {"claim_minutes": 1},
        {"claim_minutes": 1_440},
        {"priorities": (Priority("A1", 1),)},
        {"priorities": (Priority("A1", 2_160),)},
    ],
)
def test_a_limit_itself_is_allowed(parts):
    assert refusals(**parts) == ""


@pytest.mark.parametrize(("days", "is_right"), [(0, False), (1, True), (365, True), (366, False)])
def test_a_contest_is_ended_within_a_day_to_a_year(days, is_right):
    assert (refusals(Contest(days)) == "") == is_right


@pytest.mark.parametrize(
    ("verdict", "amount", "fired", "second"),
    [
        ("APPROVE", 350_000, (), False),
        ("APPROVE", 350_000.01, (), True),
        ("DECLINE", 350_000.01, (), True),
        ("APPROVE", 1, ("REVIEW", "DECLINE"), True),
        ("DECLINE", 1, ("DECLINE",), False),
        ("DECLINE", None, (), True),
    ],
)
def test_above_an_amount_or_against_a_declining_rule_a_second_person_agrees(
    verdict, amount, fired, second
):
    application = {} if amount is None else {"amount": amount}

    assert PROFILE.review.needs_second_person(verdict, application, fired) == second


def test_without_a_named_amount_every_verdict_needs_a_second_person():
    assert Review().needs_second_person("DECLINE", {"amount": 1}, ())


@pytest.mark.parametrize(
    ("amount", "name"), [(None, "NORMAL"), (999_999.99, "NORMAL"), (1_000_000, "HIGH")]
)
def test_the_first_priority_that_applies_is_a_cases(amount, name):
    application = {} if amount is None else {"amount": amount}

    assert PROFILE.review.priority("SCORE", application).name == name


def test_where_two_conditions_are_stated_both_must_hold():
    both = Priority("A1", 1, ("LARGE_LOAN",), 5)

    assert both.applies("LARGE_LOAN", 5)
    assert not both.applies("LARGE_LOAN", 4.99)
    assert not both.applies("SCORE", 5)


def test_reviews_and_contests_change_no_version_of_the_policy():
    other = msgspec.structs.replace(PROFILE, review=Review(), contest=Contest(1))

    assert other.policy_version() == PROFILE.policy_version()
