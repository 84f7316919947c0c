"""Counter-offers: the largest amount that three known models and the policy would approve."""

import itertools
from datetime import UTC, datetime

import msgspec
import pytest

from chalicelib.governance.rights.counterfactuals.committee import Committee
from chalicelib.governance.rights.counterfactuals.counter_offer import counter_offer
from chalicelib.profile import Band, Offer
from tests.unit.governance.counterfactuals.test_change import (
    APPLICATION,
    Manifests,
    NewLender,
    Scoring,
)

NOW = datetime(2026, 3, 10, tzinfo=UTC)
STORED = {
    "clientId": "ana", "predictionId": "0a", "application": APPLICATION, "decision": "REVIEW",
    "createdAt": "2026-03-01T10:00:00.000Z",
}  # fmt: skip


@pytest.fixture(scope="module")
def bank(sba):
    bands = (Band(561, 150_000, 9.5), Band(600, 400_000, 7.5))
    decision = msgspec.structs.replace(sba.decision, review_unseen=("lender",))
    return msgspec.structs.replace(sba, offer=Offer("amount", bands), decision=decision)


def offered(bank, scoring=None, *, now=NOW, review_only=False, taken=None, **stored):
    clock = itertools.repeat(0.0).__next__
    committee = Committee(bank, scoring or Scoring(floor=-9), clock, review_only=review_only)
    return counter_offer(STORED | stored, taken, (), "en", committee, Manifests(), now)


def test_it_is_the_largest_amount_that_would_be_approved(bank):
    answer = offered(bank)
    largest, committee = answer["largestAmount"], Committee(bank, Scoring(floor=-9))

    assert answer["outcome"] == "COUNTER_OFFER"
    assert answer["offer"]["annualRate"] in (9.5, 7.5)
    assert largest <= answer["offer"]["maximumAmount"] < 900_000
    assert committee.approves([APPLICATION | {"amount": largest}]) == [True]
    above = [APPLICATION | {"amount": largest + step} for step in range(1_000, 500_000, 1_000)]
    assert not any(committee.approves(above))


def test_the_amount_of_a_band_is_found_to_the_unit(bank):
    answer = offered(bank, Flat(-4.9))

    assert answer["largestAmount"] == 400_000
    assert answer["offer"]["maximumAmount"] == 400_000


def test_what_no_amount_helps_has_none(bank):
    answer = offered(bank, Scoring(floor=0))

    assert (answer["outcome"], answer["largestAmount"], answer["offer"]) == ("NONE", None, None)
    assert answer["tried"] > 10


@pytest.mark.parametrize(
    ("stored", "outcome"),
    [
        ({"decision": "APPROVE"}, "NOT_NEEDED"),
        ({"application": APPLICATION | {"amount": 1_000}}, "NOT_NEEDED"),
        ({"createdAt": "2026-02-08T23:59:59.999Z"}, "COUNTER_OFFER"),
        ({"createdAt": "2026-02-07T23:59:59.999Z"}, "CLOSED"),
    ],
)
def test_some_decisions_need_none_and_some_come_too_late(bank, stored, outcome):
    assert offered(bank, **stored)["outcome"] == outcome


def test_where_a_person_decides_whatever_the_amount_none_is_sought(bank):
    new = offered(bank, NewLender(floor=-9))
    every = offered(bank, review_only=True)

    assert (new["outcome"], new["tried"]) == ("PERSON", 1)
    assert (every["outcome"], every["tried"]) == ("PERSON", 1)


def test_one_that_was_taken_names_its_prediction(bank):
    answer = offered(bank, taken="0b")

    assert (answer["outcome"], answer["taken"], answer["tried"]) == ("TAKEN", "0b", 0)
    assert answer["text"].endswith("see the prediction 0b.")


def test_a_product_without_offers_has_none(sba):
    answer = offered(msgspec.structs.replace(sba, offer=None))

    assert (answer["outcome"], answer["openUntil"]) == ("NOT_OFFERED", None)


class Flat(Scoring):
    """Models to which the amount is nothing."""

    def score_all(self, model, applications):
        return [self._scored(self._floor) for _ in applications]
