"""What follows from people's acts: who may act, when a case ends, and what became of a contest."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.governance.evidence.record_digest import split
from chalicelib.governance.reviews.review_acts import ReviewAct, barred, ends, state_of

ANA, EVA, LEO = ({"sub": name, "username": name} for name in ("ana", "eva", "leo"))
PEOPLE = st.sampled_from([ANA, EVA, LEO])
VERDICTS = st.sampled_from(["APPROVE", "DECLINE"])
NOBODY: dict[str, str] = {}


def contest(by=LEO):
    return {"act": "CONTEST", "at": "2026-11-29T12:00:00.000Z", "by": by, "text": "Please look."}


def after(automatic, steps, *, two_needed=True, acts=()):
    """Return the acts after each step that its person may make, as the desk stores them."""
    stored = list(acts)
    for by, verdict in steps:
        state = state_of(automatic, stored)
        if state.case is None or barred(state, by, NOBODY):
            continue
        final = ends(state, verdict, by, two_needed=two_needed)
        act = ReviewAct("VERDICT", "2026-11-29T12:00:00.000Z", by, "Seen.", verdict, "POLICY")
        if final:
            act = msgspec.structs.replace(act, final=verdict, case=state.case)
        stored.append(msgspec.to_builtins(act))
    return stored


STEPS = st.lists(st.tuples(PEOPLE, VERDICTS), max_size=12)


@given(STEPS)
def test_where_two_are_needed_no_case_ends_by_one_person(steps):
    acts = after("REVIEW", steps)
    state = state_of("REVIEW", acts)

    if state.ended:
        last, before = acts[-1], acts[-2]
        assert last["verdict"] == before["verdict"] == state.decision
        assert last["by"] != before["by"]
    else:
        assert state.decision == state.case == "REVIEW"
    assert all("final" not in one for one in acts[:-1])


@given(STEPS)
def test_two_in_a_row_who_agree_end_it(steps):
    acts = after("REVIEW", steps)
    agreed = [a["verdict"] == b["verdict"] for a, b in pairwise(acts)]

    assert agreed == [False] * (len(agreed) - 1) + agreed[-1:]


@given(PEOPLE, VERDICTS)
def test_where_one_is_enough_the_first_verdict_ends_it(by, verdict):
    state = state_of("REVIEW", after("REVIEW", [(by, verdict)], two_needed=False))

    assert (state.decision, state.case) == (verdict, None)


@pytest.mark.parametrize("automatic", ["APPROVE", "DECLINE"])
def test_an_automatic_decision_is_no_case_until_it_is_contested(automatic):
    assert state_of(automatic, []).case is None

    state = state_of(automatic, [contest()])
    assert (state.case, state.decision, state.contest_outcome) == ("CONTEST", automatic, None)


@given(STEPS, STEPS)
def test_a_contest_is_ended_by_who_neither_decided_before_nor_filed_it(before, later):
    decided = after("REVIEW", before, two_needed=False)
    earlier = [one["by"] for one in decided]
    acts = after("REVIEW", later, acts=[*decided, contest()]) if decided else []
    for one in acts[len(decided) + 1 :]:
        assert one["by"] not in [*earlier, LEO]


@pytest.mark.parametrize(("verdict", "outcome"), [("APPROVE", "CHANGED"), ("DECLINE", "UPHELD")])
def test_a_contest_has_changed_the_decision_or_not(verdict, outcome):
    acts = after("DECLINE", [(ANA, verdict), (EVA, verdict)], acts=[contest()])
    state = state_of("DECLINE", acts)

    assert (state.contest_outcome, state.decision, state.case) == (outcome, verdict, None)


def test_whoever_asked_for_the_decision_does_not_review_it():
    state = state_of("REVIEW", [])

    assert barred(state, ANA, {"sub": "ana", "username": "renamed"})
    assert barred(state, EVA, ANA) is None
    assert barred(state, ANA, NOBODY) is None


def test_two_keys_and_a_person_without_a_sub_are_not_the_same_one():
    filed = contest(by={"source": "apiKey:a1"})

    assert barred(state_of("DECLINE", [filed]), ANA, NOBODY) is None


def test_of_an_act_the_words_alone_are_personal():
    act = after("REVIEW", [(ANA, "APPROVE")], two_needed=False)[0]
    record = {"clientId": "client", "predictionId": "review#0a#0000", "of": "0a"} | act
    kept, personal = split(record)

    assert set(personal) == {"clientId", "text"}
    assert set(kept) == set(record) - set(personal)


def offer(by=ANA):
    return {"act": "OFFER", "at": "2026-11-25T09:00:00.000Z", "by": by, "text": "", "attempt": 0}


def test_who_tried_to_take_the_offer_does_not_check_the_decision():
    state = state_of("REVIEW", [offer()])

    assert barred(state, ANA, NOBODY)
    assert barred(state, EVA, NOBODY) is None
    assert (state.case, state.verdicts, state.offering.attempt) == ("REVIEW", (), 0)


def test_what_was_taken_and_an_attempt_have_no_case():
    assert state_of("REVIEW", [offer()], taken="0b").case is None
    assert state_of("DECLINE", [contest()], taken="0b").case is None
    assert state_of("REVIEW", [], is_attempt=True).case is None
    assert state_of("REVIEW", []).case == "REVIEW"


def test_of_an_attempt_nothing_is_personal():
    record = {"clientId": "client", "predictionId": "review#0a#0000", "of": "0a"} | offer()
    _, personal = split(record)

    assert set(personal) == {"clientId", "text"}
