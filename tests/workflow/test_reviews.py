"""People end what was left to them: the queue, claims, two people, and what follows a verdict."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from typing import Any

import boto3
import pytest

from bank.first_run import body_of
from chalicelib.profile import load
from chalicelib.services import services
from tests.workflow.conftest import scheduled

REVIEW = load().review
SMALL, LARGE = REVIEW.second_person_above, 1_200_000
YES = {"verdict": "APPROVE", "reason": "INCOME_VERIFIED", "text": "The books were seen."}
NO = {"verdict": "DECLINE", "reason": "POLICY", "text": "The purpose is not one of ours."}
NUMBERS = count()
EN = {"headers": {"Accept-Language": "en"}}


@pytest.fixture
def reviewed(served, loans):
    """reviewed(amount): a real application that is left to a person, for such an amount."""

    def make(amount: float) -> dict[str, Any]:
        body = body_of(loans[5]) | {"clientId": f"reviewed-{next(NUMBERS)}"}
        body["application"] = body["application"] | {
            "amount": amount,
            "employees": 0,
        }  # AMOUNT_PER_EMPLOYEE can't be
        answer = served.post(body).json()
        assert answer["decision"] == "REVIEW", answer["decisionBasis"]
        return dict(answer)

    return make


def at(one: dict[str, Any], more: str = "") -> str:
    return f"/predictions/{one['clientId']}/{one['predictionId']}{more}"


def queue(desk) -> list[dict[str, Any]]:
    found, cursor = [], ""
    while True:
        page = desk.ask("reviewer", "GET", f"/reviews?state=open&limit=100{cursor}").json()
        found += page["reviews"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next'].replace('#', '%23')}"


def in_queue(desk, one) -> dict[str, Any] | None:
    return next((c for c in queue(desk) if c["predictionId"] == one["predictionId"]), None)


def review(desk, who: str, one, verdict):
    return desk.ask(who, "POST", at(one, "/review"), json=verdict, **EN)


def test_a_case_is_claimed_decided_and_gone_and_its_loan_has_outcomes(served, desk, reviewed):
    one = reviewed(SMALL)
    case = in_queue(desk, one)
    assert (case["kind"], case["priority"], case["awaits"]) == ("REVIEW", "NORMAL", "PERSON")
    due = datetime.fromisoformat(case["dueAt"]) - datetime.fromisoformat(one["createdAt"])
    assert due.total_seconds() == REVIEW.priorities[-1].due_hours * 3600

    claimed = desk.ask("reviewer", "POST", at(one, "/review/claim"))
    assert (claimed.status_code, claimed.json()["claimedBy"]) == (200, desk.kept("reviewer"))
    assert desk.ask("second-reviewer", "POST", at(one, "/review/claim")).status_code == 409
    assert review(desk, "second-reviewer", one, YES).status_code == 409
    assert desk.ask("reviewer", "POST", at(one, "/review/release")).status_code == 200
    assert desk.ask("second-reviewer", "POST", at(one, "/review/claim")).status_code == 200

    answer = review(desk, "second-reviewer", one, YES)
    assert answer.status_code == 200, answer.text
    assert answer.json()["finalDecision"]["decidedBy"] == "PERSON"
    assert in_queue(desk, one) is None
    seen = desk.ask("auditor", "GET", at(one)).json()
    assert (seen["decision"], seen["finalDecision"]["decision"]) == ("REVIEW", "APPROVE")
    assert seen["reviews"][0]["by"] == desk.kept("second-reviewer")
    by_key = served.get(at(one)).json()["reviews"]
    assert [(one["verdict"], one.get("by"), one.get("text")) for one in by_key] == [
        ("APPROVE", None, None)
    ]
    told = {"outcome": "paid", "when": one["createdAt"][:10]}  # without `granted`: it is a loan
    assert served.post(told, path=at(one, "/outcome")).status_code == 200
    assert review(desk, "reviewer", one, NO).status_code == 409


def test_a_repeat_changes_nothing(desk, reviewed):
    one = reviewed(SMALL)
    first, second = review(desk, "reviewer", one, YES), review(desk, "reviewer", one, YES)

    assert first.status_code == second.status_code == 200
    assert first.json()["reviews"] == second.json()["reviews"]
    assert len(first.json()["reviews"]) == 1


def test_a_large_amount_takes_two_people(served, desk, reviewed):
    one = reviewed(LARGE)
    assert in_queue(desk, one)["priority"] == "HIGH"
    first = review(desk, "reviewer", one, YES).json()
    assert (first["awaits"], first["finalDecision"]["decidedBy"]) == ("SECOND_PERSON", "PENDING")
    told = {"outcome": "paid", "when": one["createdAt"][:10]}
    assert served.post(told, path=at(one, "/outcome")).status_code == 422

    again = review(desk, "reviewer", one, YES | {"text": "Again, in other words."})
    assert (again.status_code, again.json()["type"]) == (403, "urn:problem:same-person")
    last = review(desk, "second-reviewer", one, YES).json()
    assert (last["awaits"], last["finalDecision"]["decision"]) == (None, "APPROVE")
    assert [bool(one.get("final")) for one in last["reviews"]] == [False, True]


@pytest.mark.parametrize(("over", "awaits"), [(0, None), (0.01, "SECOND_PERSON")])
def test_the_limit_itself_takes_one_person(desk, reviewed, over, awaits):
    assert review(desk, "reviewer", reviewed(SMALL + over), YES).json()["awaits"] == awaits


def test_what_a_person_declined_is_no_loan(served, desk, reviewed):
    one = reviewed(SMALL)
    assert review(desk, "reviewer", one, NO).status_code == 200
    day = one["createdAt"][:10]
    told = {"outcome": "paid", "when": day, "granted": day}

    assert served.post(told, path=at(one, "/outcome")).status_code == 422
    assert served.get(at(one, "/offer")).json()["outcome"] == "DECIDED"
    assert served.post({"takenAmount": 1_000}, path=at(one, "/offer")).status_code == 409


def test_of_two_who_act_at_once_one_has_acted(desk, reviewed):
    one = reviewed(SMALL)
    with ThreadPoolExecutor(2) as people:
        asked = [
            people.submit(review, desk, who, one, verdict)
            for who, verdict in (("reviewer", YES), ("second-reviewer", NO))
        ]
    codes = sorted(each.result().status_code for each in asked)

    assert codes == [200, 409]
    assert len(desk.ask("auditor", "GET", at(one)).json()["reviews"]) == 1


@pytest.mark.parametrize("who", ["analyst", "risk", "auditor"])
def test_who_is_no_reviewer_may_not_review(desk, reviewed, who):
    refused = review(desk, who, reviewed(SMALL), YES)

    assert (refused.status_code, refused.json()["type"]) == (403, "urn:problem:role-missing")


def test_what_is_wrong_with_a_verdict_is_named(desk, reviewed):
    one = reviewed(SMALL)
    wrong = [
        YES | {"reason": "POLICY"},
        YES | {"text": ""},
        YES | {"by": "me"},
        {"verdict": "MAYBE"},
    ]

    for body in wrong:
        assert review(desk, "reviewer", one, body).status_code == 400


def test_an_automatic_decision_is_not_reviewed(served, desk, loans):
    decided = next(
        answer for answer in map(served.predict, loans[:20]) if answer["decision"] != "REVIEW"
    )

    assert review(desk, "reviewer", decided, YES).status_code == 409
    seen = served.get(at(decided)).json()
    assert seen["finalDecision"]["decidedBy"] == "AUTOMATIC"


def test_a_counter_offer_that_is_taken_closes_the_case(served, desk, loans):
    body = body_of(loans[5]) | {"clientId": "offered-and-taken"}
    body["application"] = body["application"] | {"amount": LARGE, "employees": 40}
    one = served.post(body).json()
    assert in_queue(desk, one)
    largest = served.get(at(one, "/offer")).json()["largestAmount"]
    taken = served.post({"takenAmount": largest}, path=at(one, "/offer")).json()

    assert taken["decision"] == "APPROVE"
    assert in_queue(desk, one) is None
    assert review(desk, "reviewer", one, YES).status_code == 409


def test_the_explanation_says_that_a_person_decided(desk, reviewed):
    one = reviewed(SMALL)
    review(desk, "reviewer", one, NO)
    explained = desk.ask("auditor", "GET", at(one, "/explanation"), **EN).json()

    assert (explained["decision"], explained["automated"]) == ("DECLINE", False)
    assert explained["reasons"] == [{"reason": "POLICY", "text": REVIEW.reasons["POLICY"].text.en}]
    assert NO["text"] not in json.dumps(explained)


def test_the_portfolio_has_the_verdicts_beside_the_score(served, desk, reviewed):
    before = desk.ask("risk", "GET", "/portfolio").json()
    ones = [reviewed(SMALL), reviewed(SMALL)]
    for one, verdict in zip(ones, (YES, NO), strict=True):
        review(desk, "reviewer", one, verdict)
    served.post(
        {"outcome": "defaulted", "when": ones[0]["createdAt"][:10]}, path=at(ones[0], "/outcome")
    )
    after = desk.ask("risk", "GET", "/portfolio").json()

    grown = {name: after["all"][name] - before["all"][name] for name in ("ended", "approved")}
    assert grown == {"ended": 2, "approved": 1}
    mine = next(one for one in after["byReviewer"] if one["reviewer"] == desk.kept("reviewer"))
    assert mine["declined"] >= 1
    assert set(after["byReason"]) >= {"INCOME_VERIFIED", "POLICY"}
    today = datetime.now(UTC).date().isoformat()
    assert after["to"] == today
    assert served.get("/portfolio?from=2026-01-01&to=2025-01-01").status_code == 400


def watch_reviews(days: float) -> dict[str, int]:
    answer = boto3.client("lambda").invoke(
        FunctionName="appvengers-dev-watchReviews", Payload=json.dumps(scheduled(days))
    )
    return dict(json.load(answer["Payload"]))


def test_the_watch_counts_what_is_overdue_and_closes_what_was_never_stored(desk, reviewed):
    one = reviewed(SMALL)
    orphan = in_queue(desk, one) | {"predictionId": "f" * 32}
    services().reviews.open({k: orphan[k] for k in orphan if k not in ("awaits", "isOverdue")})
    assert in_queue(desk, orphan)

    now, later = watch_reviews(0), watch_reviews(3)
    assert later["REVIEW"] > now["REVIEW"]
    assert in_queue(desk, one)
    assert in_queue(desk, orphan) is None


def test_a_decision_has_its_case_with_the_claim_and_why_a_person_may_not_decide_it(
    served, desk, reviewed
):
    one = reviewed(LARGE)

    def case_to(who: str) -> dict[str, Any]:
        return dict(desk.ask(who, "GET", at(one), **EN).json().get("case", {}))

    assert case_to("reviewer") == in_queue(desk, one)
    assert case_to("reviewer").keys().isdisjoint({"claimedBy", "barred"})
    desk.ask("reviewer", "POST", at(one, "/review/claim"))
    assert case_to("second-reviewer")["claimedBy"] == desk.kept("reviewer")
    review(desk, "reviewer", one, YES)
    assert "you" in case_to("reviewer")["barred"]
    assert case_to("second-reviewer") == in_queue(desk, one)
    assert "case" not in served.get(at(one)).json()
    review(desk, "second-reviewer", one, YES)
    assert case_to("reviewer") == {}
