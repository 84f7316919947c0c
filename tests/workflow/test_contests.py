"""An applicant contests a decision, and a person who did not decide before ends the contest."""

from itertools import count
from typing import Any

import pytest

from bank.first_run import body_of
from tests.workflow.test_reviews import EN, NO, SMALL, YES, at, in_queue, review

WORDS = {"text": "My sister Ana sold the second shop in May."}
NUMBERS = count()


@pytest.fixture
def declined(served, loans):
    """declined(): a real application that the bank's rules declined."""

    def make() -> dict[str, Any]:
        body = body_of(loans[5]) | {"clientId": f"declined-{next(NUMBERS)}"}
        body["application"] = body["application"] | {
            "amount": 50_000,
            "earlierLoans": 4,
            "earlierDefaults": 3,
        }
        answer = served.post(body).json()
        assert answer["decision"] == "DECLINE", answer["decisionBasis"]
        return dict(answer)

    return make


def contest(served, one, words=WORDS):
    return served.post(words, path=at(one, "/contest"), **{"Accept-Language": "en"})


def explained(served, one) -> dict[str, Any]:
    return dict(served.get(at(one, "/explanation"), **{"Accept-Language": "en"}).json())


def test_a_contest_opens_a_case_and_two_people_against_a_rule_change_the_decision(
    served, desk, declined
):
    one = declined()
    assert explained(served, one)["contest"]["state"] == "POSSIBLE"
    assert contest(served, one).status_code == 200
    assert in_queue(desk, one)["kind"] == "CONTEST"
    assert explained(served, one)["contest"]["state"] == "OPEN"

    first = review(desk, "reviewer", one, YES).json()
    assert first["awaits"] == "SECOND_PERSON"  # a DECLINE rule fired
    last = review(desk, "second-reviewer", one, YES).json()
    assert last["finalDecision"]["decision"] == "APPROVE"
    ended = explained(served, one)
    assert (ended["decision"], ended["contest"]["outcome"]) == ("APPROVE", "CHANGED")
    assert ended["automated"] is False
    assert in_queue(desk, one) is None


def test_a_repeat_changes_nothing_and_other_words_come_too_late(served, declined):
    one = declined()
    again = [contest(served, one) for _ in range(2)]
    other = contest(served, one, {"text": "Something else."})

    assert [answer.status_code for answer in again] == [200, 200]
    assert (other.status_code, other.json()["type"]) == (409, "urn:problem:contest-closed")


def test_whoever_decided_before_does_not_end_the_contest(served, desk, loans):
    body = body_of(loans[5]) | {"clientId": "contested-person"}
    body["application"] = body["application"] | {"amount": SMALL, "employees": 0}
    one = served.post(body).json()
    assert contest(served, one).status_code == 409  # a person has yet to decide
    assert review(desk, "reviewer", one, NO).status_code == 200
    assert contest(served, one).status_code == 200

    refused = review(desk, "reviewer", one, YES)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:problem:same-person")
    assert desk.ask("reviewer", "POST", at(one, "/review/claim")).status_code == 403
    upheld = review(desk, "second-reviewer", one, NO).json()
    assert upheld["contest"]["outcome"] == "UPHELD"
    assert explained(served, one)["contest"]["outcome"] == "UPHELD"


def test_the_applicants_words_are_for_people_of_the_bank_alone(served, desk, declined):
    one = declined()
    contest(served, one)

    assert desk.ask("reviewer", "GET", at(one)).json()["contest"]["text"] == WORDS["text"]
    assert "text" not in served.get(at(one)).json()["contest"]
    page = served.get(at(one, "/explanation"), Accept="text/html").text
    assert WORDS["text"] not in page


@pytest.mark.parametrize("body", [{}, {"text": " "}, {"text": "x" * 2_001}, {"text": "a", "by": 1}])
def test_what_is_wrong_with_a_contest_is_named(served, declined, body):
    assert contest(served, declined(), body).status_code == 400


def test_an_auditor_may_read_and_not_contest(desk, declined):
    refused = desk.ask("auditor", "POST", at(declined(), "/contest"), json=WORDS, **EN)

    assert refused.status_code == 403
