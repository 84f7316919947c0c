"""Which records of a client stay, are pseudonymised or deleted."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.foundation.text import Text
from chalicelib.governance.erasure.erasure_plan import is_loan, plan
from chalicelib.profile import Retained, Retention

LAW = Text(es="Ley", en="Law")
LOANS_STAY = Retention(Retained(LAW, 10, "keep"), Retained(LAW))
DAY = "2026-11-20"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def decision(name, decided, day=DAY):
    return {"predictionId": name, "decision": decided, "createdAt": f"{day}T10:00:00.000Z"}


def outcome(of, granted=None, number=0):
    stated = {"granted": granted} if granted else {}
    return {"predictionId": f"outcome#{of}#{number}", "of": of, "outcome": "paid", **stated}


def act(of, number, **said):
    return {"predictionId": f"review#{of}#{number:04}", "of": of, **said}


@pytest.mark.parametrize(
    ("decided", "beside", "loan"),
    [
        ("APPROVE", [], True),
        ("REVIEW", [], False),
        ("REVIEW", [outcome("a")], False),
        ("REVIEW", [outcome("a", NOON)], True),
        ("REVIEW", [act("a", 1, final="APPROVE")], True),
        ("DECLINE", [outcome("a", NOON)], False),
        ("DECLINE", [act("a", 1, final="DECLINE"), act("a", 2, final="APPROVE")], True),
        ("APPROVE", [act("a", 1, final="DECLINE")], False),
    ],
)
def test_a_loan_is_what_was_approved_or_granted(decided, beside, loan):
    assert is_loan(decision("a", decided), beside[::-1]) is loan


@pytest.mark.parametrize(("today", "kept"), [("2026-11-30", 1), ("2026-12-01", 0)])
def test_a_loan_stays_until_the_laws_last_day(today, kept):
    noon = datetime.fromisoformat(f"{today}T12:00:00+00:00")
    made = plan([decision("a", "APPROVE")], [], LOANS_STAY, noon)

    assert len(made.kept["loans"]) == kept
    assert len(made.pseudonymised["loans"]) == 1 - kept
    assert made.until == ({"loans": "2026-11-30"} if kept else {})
    assert made.is_done == bool(kept)


def test_a_case_stays_with_its_decision_and_goes_without_it():
    opened = {"openedAt": f"{DAY}T11:49:59.000Z"}
    cases = [{"predictionId": name} | opened for name in ("loan", "other", "gone")]
    records = [decision("loan", "APPROVE"), decision("other", "REVIEW")]
    made = plan(records, cases, LOANS_STAY, NOON)

    assert [case["predictionId"] for case in made.cases] == ["other", "gone"]
    assert plan(records[:1], cases[:1], LOANS_STAY, NOON).is_done
    assert not plan(records[:1], cases[2:], LOANS_STAY, NOON).is_done


@pytest.mark.parametrize(("second", "goes"), [("59", True), ("00", False), ("01", False)])
def test_a_case_that_was_opened_just_now_may_precede_its_decision(second, goes):
    minute = "49" if second == "59" else "50"
    case = {"predictionId": "new", "openedAt": f"{DAY}T11:{minute}:{second}.000Z"}

    assert bool(plan([], [case], LOANS_STAY, NOON).cases) is goes


def test_a_case_that_came_back_after_its_decision_goes():
    case = {"predictionId": "a", "openedAt": f"{DAY}T11:59:59.000Z"}

    assert plan([], [case], LOANS_STAY, NOON, {"a"}).cases == [case]
    assert plan([], [case], LOANS_STAY, NOON, {"b"}).cases == []


def test_a_loan_keeps_its_claim_and_the_decision_whose_counter_offer_it_is():
    loan = decision("loan", "APPROVE") | {"counterOfferOf": "first"}
    claims = [{"predictionId": f"idempotency#{n}", "claimedId": n} for n in ("loan", "other")]
    records = [decision("first", "REVIEW"), loan, decision("other", "DECLINE"), *claims]
    made = plan(records, [], LOANS_STAY, NOON)

    assert {one["predictionId"] for one in made.kept["loans"]} == {"first", "loan"}
    assert made.claims == claims[1:]


def test_all_decisions_on_an_application_stay_with_the_loan_that_one_of_them_became():
    failed = decision("a0", "REVIEW") | {"counterOfferOf": "first"}
    loan = decision("a1", "APPROVE", "2026-11-21") | {"counterOfferOf": "first"}
    claims = [{"predictionId": f"idempotency#{n}", "claimedId": n} for n in ("a0", "a1")]
    made = plan([decision("first", "REVIEW"), failed, loan, *claims], [], LOANS_STAY, NOON)

    assert {one["predictionId"] for one in made.kept["loans"]} == {"first", "a0", "a1"}
    assert made.is_done
    assert made.until == {"loans": "2026-12-01"}


def test_all_decisions_on_an_application_go_together():
    failed = decision("a0", "REVIEW") | {"counterOfferOf": "first"}
    made = plan([decision("first", "REVIEW"), failed], [], LOANS_STAY, NOON)

    assert [one["predictionId"] for one in made.pseudonymised["decisions"]] == ["first", "a0"]


@pytest.mark.parametrize(("second", "waits"), [("50:00", False), ("50:01", True)])
def test_the_claim_of_an_analysis_that_is_under_way_stays(second, waits):
    created = f"{DAY}T11:{second}.000Z"
    claim = {"predictionId": "idempotency#x", "claimedId": "x", "createdAt": created}
    made = plan([claim], [], LOANS_STAY, NOON)

    assert made.claims == ([] if waits else [claim])
    assert made.under_way == ({"x"} if waits else set())
    assert made.is_done is False
    assert made.erases_nothing is waits
    assert plan([claim], [], LOANS_STAY, NOON, gone={"x"}).claims == [claim]


@pytest.mark.parametrize(
    ("attempt", "decided", "waits"), [(0, 0, True), (0, 1, False), (1, 1, True), (1, 2, False)]
)
def test_a_decision_whose_counter_offer_is_being_taken_waits(attempt, decided, waits):
    offered = act("first", 1, act="OFFER", attempt=attempt, at=f"{DAY}T11:59:00.000Z")
    members = [
        decision(f"a{number}", "REVIEW") | {"counterOfferOf": "first"} for number in range(decided)
    ]
    made = plan([decision("first", "REVIEW"), *members, offered], [], LOANS_STAY, NOON)

    assert made.erases_nothing is waits
    assert made.under_way == ({"first"} if waits else set())


def test_an_attempt_that_was_given_up_waits_no_longer():
    offered = act("first", 1, act="OFFER", attempt=0, at=f"{DAY}T11:50:00.000Z")
    made = plan([decision("first", "REVIEW"), offered], [], LOANS_STAY, NOON)

    assert len(made.pseudonymised["decisions"]) == 2


@pytest.mark.parametrize(("until", "goes"), [("T09:59", False), ("T10:00:00.000Z", True)])
def test_an_application_of_after_the_erasure_stays(until, goes):
    records = [decision("a", "DECLINE"), act("a", 1)]
    made = plan(records, [], LOANS_STAY, NOON, until=f"{DAY}{until}")

    assert made.is_done is not goes


def test_a_loan_goes_at_once_if_the_profile_says_so():
    hidden = Retention(Retained(LAW, 10, "pseudonymise"), Retained(LAW))

    assert not plan([decision("a", "APPROVE")], [], hidden, NOON).kept["loans"]


def test_until_is_the_last_of_the_loans_days():
    old, new = decision("a", "APPROVE", "2026-11-19"), decision("b", "APPROVE")

    assert plan([new, old], [], LOANS_STAY, NOON).until == {"loans": "2026-11-30"}


def test_an_outcome_without_its_decision_goes():
    assert plan([outcome("a")], [], LOANS_STAY, NOON).pseudonymised["loans"] == [outcome("a")]


def test_a_decision_goes_after_what_is_beside_it():
    records = [decision("a", "REVIEW"), act("a", 1), act("a", 2)]

    assert plan(records, [], LOANS_STAY, NOON).pseudonymised["decisions"][-1] == records[0]


@given(
    st.lists(
        st.tuples(st.sampled_from(["APPROVE", "REVIEW", "DECLINE"]), st.booleans(), st.booleans()),
        max_size=8,
    ),
    st.integers(0, 3),
)
def test_every_record_is_in_one_class_once(cases, claims):
    records = [{"predictionId": f"idempotency#{n}", "claimedId": "x"} for n in range(claims)]
    for number, (decided, granted, acted) in enumerate(cases):
        name = f"{number:02}"
        records.append(decision(name, decided))
        records += [outcome(name, NOON)] * granted
        records += [act(name, 1, verdict="APPROVE")] * acted
    made = plan(records, [], LOANS_STAY, NOON)
    said = [*made.kept.values(), *made.pseudonymised.values(), made.claims]
    names = [one["predictionId"] for found in said for one in found]

    assert sorted(names) == sorted(one["predictionId"] for one in records)
    assert not made.kept["decisions"]
    assert {one["predictionId"] for one in made.kept["loans"]} >= {
        f"{n:02}" for n, (decided, _, _) in enumerate(cases) if decided == "APPROVE"
    }
