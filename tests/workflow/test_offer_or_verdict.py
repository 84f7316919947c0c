"""One application is one loan: of a taken counter-offer and a person's verdict, one comes first."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from bank.first_run import body_of
from tests.workflow.test_offer import path_of, take
from tests.workflow.test_reviews import EN, NO, YES, at, in_queue, review

NUMBERS = count()


@pytest.fixture
def left(served, loans):
    """left(): a good loan of the register, for an amount that a rule leaves to a person."""

    def make():
        body = body_of(loans[5]) | {"clientId": f"either-{next(NUMBERS)}"}
        large = {"amount": 1_200_000, "employees": 40}
        return served.post(body | {"application": body["application"] | large}).json()

    return make


def shown(served, one):
    return served.get(at(one)).json()


def taken(served, one):
    largest = served.get(path_of(one), **EN["headers"]).json()["largestAmount"]
    return take(served, one, takenAmount=largest)


def test_an_attempt_that_is_not_approved_is_no_case_and_no_loan(served, desk, left):
    first = left()
    attempt = take(served, first, takenAmount=1_000_001).json()
    assert attempt["decision"] == "REVIEW"

    assert in_queue(desk, attempt) is None
    assert review(desk, "reviewer", attempt, YES).status_code == 409
    told = {"outcome": "paid", "when": first["createdAt"][:10], "granted": first["createdAt"][:10]}
    assert served.post(told, at(attempt, "/outcome")).status_code == 422
    contest = served.post({"text": "Why?"}, at(attempt, "/contest"), **EN["headers"])
    assert (contest.status_code, first["predictionId"] in contest.json()["detail"]) == (409, True)
    final = shown(served, attempt)["finalDecision"]
    assert (final["decision"], final["decidedBy"]) == ("REVIEW", "AUTOMATIC")
    assert in_queue(desk, first)["kind"] == "REVIEW"
    assert review(desk, "reviewer", first, NO).status_code == 200


def test_a_taken_offer_ends_the_case_and_all_say_so(served, desk, left):
    first = left()
    other = taken(served, first).json()
    assert other["decision"] == "APPROVE"

    final = shown(served, first)["finalDecision"]
    assert (final["decidedBy"], shown(served, first)["awaits"]) == ("COUNTER_OFFER", None)
    explained = served.get(at(first, "/explanation"), **EN["headers"]).json()
    assert other["predictionId"] in explained["text"]
    assert (explained["contest"], explained["change"]) == (None, None)
    assert in_queue(desk, first) is None
    assert desk.ask("reviewer", "POST", at(first, "/review/claim")).status_code == 409
    late = review(desk, "reviewer", first, NO)
    assert (late.status_code, other["predictionId"] in late.json()["detail"]) == (409, True)
    contest = served.post({"text": "Why?"}, at(first, "/contest"))
    assert contest.status_code == 409


def test_an_open_contest_keeps_the_offer_closed(served, desk, left):
    first = left()
    for who in ("reviewer", "second-reviewer"):
        review(desk, who, first, NO)
    assert served.post({"text": "Why?"}, at(first, "/contest")).status_code == 200

    offer = served.get(path_of(first), **EN["headers"]).json()
    assert (offer["outcome"], offer["largestAmount"]) == ("CONTESTED", None)
    assert take(served, first, takenAmount=100_000).status_code == 409


@pytest.mark.parametrize("run", range(6))
def test_of_a_verdict_and_an_offer_at_once_one_stands(served, desk, left, run):
    first = left()
    assert review(desk, "reviewer", first, NO).json()["awaits"] == "SECOND_PERSON"
    largest = served.get(path_of(first)).json()["largestAmount"]
    acts = [
        lambda: take(served, first, takenAmount=largest),
        lambda: review(desk, "second-reviewer", first, NO),
    ]
    with ThreadPoolExecutor(2) as pool:
        offer, verdict = [one.result() for one in map(pool.submit, acts[:: 1 if run % 2 else -1])][
            :: 1 if run % 2 else -1
        ]

    ended = shown(served, first)["finalDecision"]["decidedBy"]
    if offer.status_code == 200:
        assert (offer.json()["decision"], ended) == ("APPROVE", "COUNTER_OFFER")
        assert verdict.status_code == 409
    else:
        assert (offer.status_code, verdict.status_code, ended) == (409, 200, "PERSON")


def test_the_word_of_an_untrusted_key_does_not_keep_a_person_from_declining(served, desk, loans):
    body = body_of(loans[5]) | {"clientId": f"either-{next(NUMBERS)}"}
    one = served.post(body).json()
    assert one["decision"] == "APPROVE"
    assert served.post({"text": "Why?"}, at(one, "/contest")).status_code == 200
    told = served.post({"outcome": "paid", "when": one["createdAt"][:10]}, at(one, "/outcome"))
    assert told.status_code == 200

    assert review(desk, "reviewer", one, NO).status_code == 200
    assert shown(served, one)["finalDecision"]["decision"] == "DECLINE"
