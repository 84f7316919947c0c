"""Figures of what people decided: a low-side override approves below the cut-off, and so on."""

from datetime import date

import pytest

from chalicelib.foundation.errors import InvalidRequest
from chalicelib.governance.reviews.portfolio import MOST, portfolio
from chalicelib.governance.reviews.review_requests import MOST_DAYS, PeriodRequest, period_request

RULES = (("file:*", "trusted"),)
TODAY = date(2026, 11, 29)
ANA, EVA = ({"sub": name, "username": name} for name in ("ana", "eva"))


def act(number, final="APPROVE", says="DECLINE", by=ANA, proposed=None, reason="POLICY"):
    return {
        "clientId": "c", "predictionId": f"review#{number:032x}#0000", "of": f"{number:032x}",
        "act": "VERDICT", "at": "2026-11-29T12:00:00.000Z", "by": by, "text": "Seen.",
        "verdict": final, "reason": reason, "final": final, "case": "REVIEW",
        "proposed": proposed or by, "automatic": "REVIEW", "scoreSays": says,
    }  # fmt: skip


class Records:
    def __init__(self, acts, outcomes=None):
        self._acts = acts
        self._outcomes = outcomes or {}

    def acts_on(self, day, after):
        mine = [one for one in self._acts if one["at"][:10] == day]
        return iter([one for one in mine if one["predictionId"] > after])

    def outcomes(self, client_id, prediction_id):
        return self._outcomes.get(prediction_id, [])


def figures(acts, outcomes=None, **period):
    asked = PeriodRequest(period.get("first", TODAY), TODAY, period.get("after", ""))
    return portfolio(asked, Records(acts, outcomes), RULES)


@pytest.mark.parametrize(
    ("final", "says", "overrides", "rate"),
    [
        ("APPROVE", "DECLINE", {"lowSide": 1, "highSide": 0}, 1.0),
        ("DECLINE", "APPROVE", {"lowSide": 0, "highSide": 1}, 1.0),
        ("APPROVE", "APPROVE", {"lowSide": 0, "highSide": 0}, 0.0),
        ("APPROVE", "NEITHER", {"lowSide": 0, "highSide": 0}, None),
    ],
)
def test_an_override_is_against_what_the_score_says(final, says, overrides, rate):
    found = figures([act(1, final, says)])["all"]

    assert (found["overrides"], found["overrideRate"]) == (overrides, rate)
    assert found["agreementWithScore"] == (None if rate is None else 1 - rate)


def test_outcomes_are_those_that_count_and_a_declined_one_has_none():
    told = {"outcome": "defaulted", "when": "2026-11-29", "source": "file:a"}
    untrusted = told | {"source": "apiKey:a"}
    ids = [f"{number:032x}" for number in range(4)]
    acts = [act(0), act(1), act(2, says="APPROVE"), act(3, final="DECLINE", says="APPROVE")]
    found = figures(
        acts, {ids[0]: [told], ids[1]: [untrusted], ids[2]: [told | {"outcome": "paid"}]}
    )

    assert found["all"]["outcomes"] == {"paid": 1, "defaulted": 1, "open": 1, "badRate": 0.5}
    assert found["all"]["outcomesOfOverrides"] == {
        "paid": 0, "defaulted": 1, "open": 1, "badRate": 1.0,
    }  # fmt: skip


def test_a_case_is_the_reviewers_who_proposed_its_verdict():
    found = figures([act(1, by=EVA, proposed=ANA, reason="A"), act(2, by=EVA, reason="B")])

    assert [(one["reviewer"], one["ended"]) for one in found["byReviewer"]] == [(ANA, 1), (EVA, 1)]
    assert found["all"]["bySecondPerson"] == 1
    assert {name: one["ended"] for name, one in found["byReason"].items()} == {"A": 1, "B": 1}


@pytest.mark.parametrize(("count", "goes_on"), [(MOST, False), (MOST + 1, True)])
def test_one_answer_reads_so_many_acts_and_the_next_goes_on(count, goes_on):
    acts = [act(number) for number in range(count)]
    first = figures(acts)
    assert bool(first["next"]) is goes_on
    if goes_on:
        period = period_request({"cursor": first["next"]}, TODAY)
        rest = portfolio(period, Records(acts), RULES)
        assert (first["all"]["ended"], rest["all"]["ended"]) == (MOST, 1)


@pytest.mark.parametrize(("days", "wrong"), [(MOST_DAYS - 1, False), (MOST_DAYS, True)])
def test_a_period_has_a_longest(days, wrong):
    query = {"from": date.fromordinal(TODAY.toordinal() - days).isoformat()}
    if wrong:
        with pytest.raises(InvalidRequest):
            period_request(query, TODAY)
    else:
        assert len(period_request(query, TODAY).days()) == MOST_DAYS


@pytest.mark.parametrize("to", ["0001-01-01", "0001-01-29", "0001-01-30", "9999-12-31"])
def test_a_period_may_end_on_any_day_of_the_calendar(to):
    period = period_request({"to": to}, TODAY)

    assert period.last.isoformat() == to
    assert (period.last - period.first).days == min(29, period.last.toordinal() - 1)


@pytest.mark.parametrize(
    "query",
    [{"from": "2026-02-30"}, {"to": "29.11.2026"}, {"from": "2026-12-01"}, {"cursor": "x"}],
)
def test_what_is_wrong_with_a_period_is_named(query):
    with pytest.raises(InvalidRequest):
        period_request(query, TODAY)
