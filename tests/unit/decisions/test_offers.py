"""Offers: the largest amount of each band, at its edges, beside rules, and in words."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.decisions.decision import decide, weigh
from chalicelib.foundation.text import Text
from chalicelib.profile import Band, Offer, load
from chalicelib.scoring.branch_results import Scored, Unavailable

PROFILE = msgspec.structs.replace(load(), rules=())
MODELS = list(PROFILE.models)
BANDS = (Band(561, 100_000, 9.5, ("GUARANTEE",)), Band(580, 300_000, 7.5))
OFFER = Offer("amount", BANDS, {"GUARANTEE": Text(es="Con aval.", en="With a guarantee.")})
BANK = msgspec.structs.replace(PROFILE, offer=OFFER)


def said(points: int) -> dict:
    """Answers of all models that give the decision this score."""
    scale, decision = BANK.score, BANK.decision
    factor = scale.points_to_double_odds / math.log(2)
    blended = (scale.base_points - points) / factor - math.log(scale.base_odds)
    logit = (blended - decision.intercept) / decision.slope
    return dict.fromkeys(MODELS, Scored("v1", "ab" * 32, 1 / (1 + math.exp(-logit)), logit, {}))


def decided(amount: float | None, points: int) -> dict:
    application = {} if amount is None else {"amount": amount}
    return weigh(application, said(points), BANK.policy)


@pytest.mark.parametrize(
    ("amount", "points", "rate"),
    [(100_000, 561, 9.5), (100_000, 579, 9.5), (300_000, 580, 7.5), (300_000, 900, 7.5)],
)
def test_the_largest_amount_of_a_band_is_approved_on_its_terms(amount, points, rate):
    outcome = decided(amount, points)

    assert outcome["score"] == points
    assert (outcome["decision"], outcome["decisionBasis"]) == ("APPROVE", "SCORE")
    assert (outcome["offer"]["maximumAmount"], outcome["offer"]["annualRate"]) == (amount, rate)


@pytest.mark.parametrize(("amount", "points"), [(100_001, 561), (100_001, 579), (300_001, 580)])
def test_a_larger_amount_goes_to_a_person(amount, points):
    outcome = decided(amount, points)

    assert (outcome["decision"], outcome["decisionBasis"]) == ("REVIEW", "ABOVE_OFFER")
    assert "offer" not in outcome


@pytest.mark.parametrize(("points", "decision"), [(560, "REVIEW"), (542, "DECLINE")])
def test_a_score_that_is_not_approved_has_no_offer(points, decision):
    outcome = decided(5e6, points)

    assert (outcome["decision"], outcome["decisionBasis"]) == (decision, "SCORE")
    assert "offer" not in outcome


def test_without_an_amount_a_person_decides():
    assert decided(None, 600)["decisionBasis"] == "ABOVE_OFFER"


def test_while_a_person_decides_on_all_there_is_no_offer():
    outcome = weigh({"amount": 5}, said(600), BANK.policy, review_only=True)

    assert (outcome["decisionBasis"], "offer" in outcome) == ("REVIEW_ONLY", False)


def test_without_models_there_is_no_offer():
    down = dict.fromkeys(MODELS, Unavailable({"Error": "States.Timeout"}))

    assert "offer" not in weigh({"amount": 5}, down, BANK.policy)


@pytest.mark.parametrize(("language", "text"), [("es", "Con aval."), ("en", "With a guarantee.")])
def test_conditions_are_in_the_callers_language(language, text):
    offered = decide({"amount": 5}, said(561), BANK, language)["offer"]

    assert offered["conditions"] == [{"code": "GUARANTEE", "text": text}]


def test_every_term_is_part_of_the_policys_version():
    rate = msgspec.structs.replace(BANDS[0], annual_rate=9.6)
    others = [
        msgspec.structs.replace(OFFER, bands=(rate, BANDS[1])),
        msgspec.structs.replace(OFFER, open_days=31),
        msgspec.structs.replace(OFFER, conditions={"GUARANTEE": Text(es="Aval", en="Guarantee")}),
        None,
    ]
    versions = {msgspec.structs.replace(BANK, offer=o).policy_version() for o in (OFFER, *others)}

    assert len(versions) == 5


@given(st.floats(100, 5e6), st.integers(400, 700))
def test_a_smaller_amount_is_never_worse_than_a_larger_at_one_score(amount, points):
    order = ["DECLINE", "REVIEW", "APPROVE"]
    smaller, larger = decided(amount / 2, points), decided(amount, points)

    assert order.index(smaller["decision"]) >= order.index(larger["decision"])
