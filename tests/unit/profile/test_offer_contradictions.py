"""Offers that can't be right, each refused in a sentence when the profile is read."""

import msgspec
import pytest

from chalicelib.foundation.text import Text
from chalicelib.profile import Band, Offer, load
from chalicelib.profile.contradictions.offer_contradictions import of_offer
from tests.unit.profile.test_rule_contradictions import rule

PROFILE = msgspec.structs.replace(load(), rules=())
LOW, HIGH = Band(561, 100_000, 9.5, ("GUARANTEE",)), Band(580, 300_000, 7.5)
TEXT = Text(es="Con aval.", en="With a guarantee.")


def refusals(*bands: Band, rules=(), **parts) -> list[str]:
    offer = {"amount": "amount", "bands": bands, "conditions": {"GUARANTEE": TEXT}} | parts
    return [*of_offer(msgspec.structs.replace(PROFILE, offer=Offer(**offer), rules=rules))]


def changed(band: Band, **parts) -> Band:
    return msgspec.structs.replace(band, **parts)


def test_the_demos_offer_is_right_and_so_is_none():
    assert [*of_offer(load())] == []
    assert refusals(LOW, HIGH) == []
    assert refusals(changed(LOW, score_from=500), LOW, HIGH) == []  # cut-offs move without it
    assert [*of_offer(msgspec.structs.replace(PROFILE, offer=None))] == []


@pytest.mark.parametrize(
    ("bands", "refusal"),
    [
        ((), "offer.bands is empty"),
        ((changed(LOW, score_from=562), HIGH), "begin at 562, above decision.approve_from 561"),
        ((LOW, changed(HIGH, score_from=561)), "561 comes after 561"),
        ((LOW, changed(HIGH, maximum_amount=99_999)), "from 580 points the maximum_amount is low"),
        ((changed(LOW, maximum_amount=99), HIGH), "at least the lowest amount, 100"),
        ((LOW, changed(HIGH, maximum_amount=5_000_001)), "above the highest amount, 5e+06"),
        ((LOW, changed(HIGH, annual_rate=-0.1)), "annual_rate must be 0 to 1000"),
        ((LOW, changed(HIGH, annual_rate=1000.1)), "annual_rate must be 0 to 1000"),
        ((LOW, changed(HIGH, conditions=("X",))), "names the condition X, which is not in"),
        ((changed(LOW, conditions=()), HIGH), "has GUARANTEE, which no band names"),
    ],
)
def test_bands_that_can_not_be_right_are_refused(bands, refusal):
    assert refusal in "; ".join(refusals(*bands))


@pytest.mark.parametrize("feature", ["amountPerEmployee", "state", "newBusiness", "nothing"])
def test_the_amount_is_a_required_number(feature):
    [refusal] = refusals(LOW, HIGH, amount=feature)

    assert "a required number of the application" in refusal


@pytest.mark.parametrize(("days", "is_right"), [(0, False), (1, True), (365, True), (366, False)])
def test_a_counter_offer_is_open_for_a_day_to_a_year(days, is_right):
    assert (refusals(LOW, HIGH, open_days=days) == []) == is_right


def test_the_bands_reach_as_low_as_a_rule_approves():
    spare = rule("SPARE", "APPROVE", {"input": "score", "at_least": 545})

    assert "SPARE approves from 545 points" in "; ".join(refusals(LOW, HIGH, rules=(spare,)))
    assert refusals(changed(LOW, score_from=545), HIGH, rules=(spare,)) == []


def test_each_condition_has_a_code_and_both_texts():
    half = {"GUARANTEE": Text(es="Con aval.", en="")}
    odd = {"guarantee": TEXT}

    assert "needs its text" in "; ".join(refusals(LOW, HIGH, conditions=half))
    lower = changed(LOW, conditions=("guarantee",))
    assert "'guarantee' is no code" in "; ".join(refusals(lower, HIGH, conditions=odd))
