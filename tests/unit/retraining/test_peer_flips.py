"""Whose decisions a challenger changes, and the gate's limit to it."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.profile import Gate, load
from chalicelib.retraining import gate
from chalicelib.retraining.peer_flips import APART, peer_flips
from chalicelib.retraining.swap_set import ModelAnswer, Recent, Turned, turns

BANK = msgspec.structs.replace(load(), rules=(), offer=None)
MODELS = list(BANK.models)
KINDS = ("DECLINE", "REVIEW", "APPROVE")


def turned(before, after, lender, points=25):
    return Turned(before, after, 0.1, {}, None, {"lender": lender}, points)


def of(decisions, flipped, lender, kinds=("REVIEW", "APPROVE"), points=25):
    stay = [turned(kinds[0], kinds[0], lender, 0)] * (decisions - flipped)
    return [turned(*kinds, lender, points)] * flipped + stay


def refused(decisions, **limits):
    found = msgspec.convert(peer_flips(decisions), list[gate.Flips])
    return [(one.rule, one.told) for one in gate.peer_reasons(found, Gate(**limits))]


def test_a_lender_whose_decisions_turn_is_named_with_its_figures():
    found = refused(of(200, 155, "NOWHERE") + of(400, 4, "OTHER"))

    told = "NOWHERE: cambian 77.5% de 200, y 1.0% de las demás; diferencia máxima 70.0%"
    assert found == [("decisiones por lender", told)]


def test_what_turns_everywhere_is_no_peers_doing():
    assert refused(of(200, 155, "A") + of(400, 310, "B")) == []


@pytest.mark.parametrize(("limit", "reasons"), [(0.5, 0), (math.nextafter(0.5, 0), 1)])
def test_the_limit_is_pinned_at_equality(limit, reasons):
    decisions = of(100, 50, "A") + of(100, 0, "B")

    assert len(refused(decisions, maximum_peer_flips=limit)) == reasons


@pytest.mark.parametrize(("decisions", "reasons"), [(49, 0), (50, 1)])
def test_few_decisions_show_nothing(decisions, reasons):
    assert len(refused(of(decisions, decisions, "A") + of(400, 0, "B"))) == reasons


@pytest.mark.parametrize(
    ("points", "reasons"),
    [(-8 + APART, 0), (-8 - APART, 0), (-7 + APART, 1), (-9 - APART, 1), (None, 1)],
)
def test_a_flood_of_applications_at_the_cut_off_stops_no_challenger(points, reasons):
    """All scores fall by 8 points. A code that was unseen has another rule, and counts."""
    flood = of(1600, 1600, "VICTIM", ("APPROVE", "REVIEW"), points)
    others = [turned("APPROVE", "APPROVE", "OTHER", -8)] * 400

    assert len(refused(flood + others)) == reasons


def test_a_flood_of_other_lenders_at_the_cut_off_hides_no_lender():
    """They turn as the lender does, but their scores move as those of all others do."""
    flood = of(900, 900, "EDGE", ("APPROVE", "REVIEW"), -8)
    others = [turned("APPROVE", "APPROVE", "OTHER", -8)] * 400
    told = refused(of(100, 90, "VICTIM", ("APPROVE", "REVIEW"), -30) + flood + others)

    assert ["VICTIM" in text for _, text in told] == [True]


def test_both_directions_count_and_do_not_cancel_each_other():
    worse = of(100, 80, "A", ("APPROVE", "DECLINE"), None)
    mixed = of(50, 50, "B", points=None) + of(50, 50, "B", ("APPROVE", "REVIEW"), None)
    found = {one["value"]: one["flipped"] for one in peer_flips(worse + mixed)}

    assert found == {"A": 0.8, "B": 0.5}


def test_a_code_that_only_this_challenger_has_met_turns_a_decision():
    """Beside two champions that have not met it, it would hide that it has."""
    codes = BANK.decision.review_unseen[:1]
    said = dict.fromkeys(MODELS, ModelAnswer("OK", 0.001, codes))
    recent = [Recent("0a", said, -7.0, peers={"lender": "NOWHERE"})]
    (alone,) = turns(recent, MODELS[0], BANK.policy, alone=True)
    (beside,) = turns(recent, MODELS[0], BANK.policy)

    assert (alone.before, alone.after) == ("REVIEW", "APPROVE")
    assert (beside.before, beside.after) == ("REVIEW", "REVIEW")
    assert (alone.points, beside.points) == (None, 1)


@given(
    st.lists(
        st.builds(turned, st.sampled_from(KINDS), st.sampled_from(KINDS), st.sampled_from("AB")),
        max_size=30,
    )
)
def test_groups_hold_each_decision_once_and_shares_are_shares(decisions):
    found = peer_flips(decisions)

    assert sum(one["decisions"] for one in found) == len(decisions)
    assert all(0 <= one["flipped"] <= 1 and 0 <= one["others"] <= 1 for one in found)
