"""The terms of [retention] that contradict each other, at their limits."""

import msgspec
import pytest

from chalicelib.profile import Retained, Retention, load
from chalicelib.profile.contradictions.retention_contradictions import MOST_DAYS, of_retention

PROFILE = load()
LAW = PROFILE.retention.loans.law


def faults(**terms):
    usual = {"loans": Retained(LAW, 10, "keep"), "decisions": Retained(LAW)}
    return list(
        of_retention(msgspec.structs.replace(PROFILE, retention=Retention(**usual | terms)))
    )


def test_the_demos_terms_agree():
    assert list(of_retention(PROFILE)) == []


@pytest.mark.parametrize(("days", "wrong"), [(0, 0), (9, 1), (10, 0), (11, 0)])
def test_records_are_kept_as_long_as_a_law_asks(days, wrong):
    assert len(faults(records_days=days)) == wrong


@pytest.mark.parametrize("name", ["records_days", "cases_days"])
def test_terms_are_at_most_a_hundred_years(name):
    assert faults(**{name: MOST_DAYS}) == []
    assert faults(**{name: MOST_DAYS + 1}) == [f"retention.{name} must be 0 to 36,525, not 36526"]
    assert len(faults(**{name: -1})) == 1


@pytest.mark.parametrize("days", [-1, MOST_DAYS + 1])
def test_a_laws_days_have_the_same_limits(days):
    assert "retention.loans.days" in faults(loans=Retained(LAW, days, "keep"))[0]


def test_what_is_kept_for_no_days_is_refused():
    assert "keeps records for 0 days" in faults(loans=Retained(LAW, 0, "keep"))[0]
