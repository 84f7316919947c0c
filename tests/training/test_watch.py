"""The watch on new outcomes: what of them is odd, and what is honest."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.given import with_outcomes
from training.snapshots import watch

VERSION = "20261124T100000"
RELEASED = pd.Timestamp("2026-09-02")  # a person released what counts since then


def rows_of(bank, lenders):
    """A snapshot of `(lender, how many, bads, source, countedSince)` with their labels."""
    rows = [
        (lender, float(place < bads), source, pd.Timestamp(since) if since else pd.NaT)
        for lender, count, bads, source, since in lenders
        for place in range(count)
    ]
    frame = pd.DataFrame(rows, columns=["lender", "defaulted", "source", "countedSince"])
    since = pd.to_datetime(frame["countedSince"]).astype("datetime64[ns]")
    dated = {bank.date: pd.Timestamp("2023-01-01"), "countedSince": since, "expected": np.nan}
    dated["released"] = np.where(since == RELEASED, "0a1b2c3d4e5f", None)
    return frame.assign(**dated)


BEFORE = [("GOOD", 400, 8, None, None), ("BAD", 400, 140, None, None),
          ("USUAL", 1000, 50, None, None)]  # fmt: skip
NEW = pd.Timestamp("2026-11-24")


def held(bank, new, before=BEFORE, expected=None, **settings):
    wanted = {"peers": ("lender",), **settings}
    bank = with_outcomes(bank, **wanted)
    rows = rows_of(bank, [*before, *((*one, "file:a", NEW) for one in new)])
    fresh = rows["countedSince"] == NEW
    if expected is not None:
        rows.loc[fresh, "expected"] = expected
    keys = {name: rows[name] for name in wanted["peers"]}
    found = watch.held(rows, fresh, keys, bank, VERSION)
    return {(one.by, one.value): len(one.rows) for one in found}


HONEST = [("GOOD", 40, 1), ("BAD", 40, 13), ("USUAL", 100, 6)]


def test_honest_outcomes_are_let_through(bank):
    assert held(bank, HONEST) == {}


@pytest.mark.parametrize("false", [30, 60, 300])
def test_defaults_of_a_good_lender_are_held_and_the_others_are_not(bank, false):
    new = [("GOOD", 40 + false, 1 + false), *HONEST[1:]]

    assert held(bank, new)[("lender", "GOOD")] == 40 + false
    assert len(held(bank, new)) == 1


def test_so_many_paid_loans_of_a_bad_lender_are_held(bank):
    assert held(bank, [("BAD", 300, 0), *HONEST[::2]]) == {("lender", "BAD"): 300}


def test_a_wave_that_is_everybodys_is_nobodys_fault(bank):
    wave = [("GOOD", 40, 5), ("BAD", 40, 30), ("USUAL", 100, 25)]

    assert held(bank, wave) == {}


def test_what_drips_in_is_held_when_it_has_become_enough(bank):
    drips = [("GOOD", 3, 3, "file:drip", f"2026-{month:02}-01") for month in range(4, 11)]
    known, honest = held(bank, [("GOOD", 3, 3), *HONEST[1:]], [*BEFORE, *drips]), held(bank, HONEST)

    assert known == {("lender", "GOOD"): 3}
    assert honest == {}


def test_a_source_that_says_nothing_but_defaults_is_held(bank):
    assert held(bank, [("NEW A", 30, 30), ("NEW B", 30, 30)], peers=()) == {
        ("source", "file:a"): 60
    }


def test_the_probability_at_the_decision_is_what_is_expected(bank):
    new = [("USUAL", 20, 14)]

    assert held(bank, new, expected=0.7) == {}
    assert held(bank, new, expected=0.02) == {("lender", "USUAL"): 20}


NEXT_MONTHS = [(5, 0), (20, 1), (20, 5), (20, 10)]  # outcomes of a lender, and defaults of these


@pytest.mark.parametrize(("count", "bads"), NEXT_MONTHS)
def test_what_a_person_released_holds_back_none_of_the_lenders_next_outcomes(bank, count, bads):
    lenders = [f"L{number}" for number in range(60)]
    before = [*BEFORE, *((name, 200, 12, None, None) for name in lenders)]
    first = [("GOOD", 166, 83), *((name, 22, 2) for name in lenders)]
    months = [(*one, "file:loans", RELEASED) for one in first[:1]]
    months += [(*one, "file:loans", "2026-09-01") for one in first[1:]]
    new = [
        ("GOOD", count, bads),
        *((name, 5, number % 3 == 0) for number, name in enumerate(lenders)),
    ]

    assert held(bank, first, before) == {("lender", "GOOD"): 166}
    assert held(bank, new, [*before, *months]) == {}


def test_what_a_person_released_holds_back_none_of_a_small_banks_other_lenders(bank):
    released = ("GOOD", 300, 150, "file:loans", RELEASED)
    months = [(*one, "file:m", f"2026-{month:02}-01") for month in range(4, 9) for one in HONEST]

    assert held(bank, [("GOOD", 300, 150), *HONEST[1:]], [*BEFORE, *months])
    assert held(bank, HONEST, [*BEFORE, *months, released]) == {}


def test_a_release_is_no_pass_for_what_is_odd_later(bank):
    released = ("GOOD", 166, 83, "file:loans", RELEASED)

    assert held(bank, [("GOOD", 40, 36), *HONEST[1:]], [*BEFORE, released]) == {
        ("lender", "GOOD"): 40
    }


@pytest.mark.parametrize(("fewest", "found"), [(6, 1), (7, 0)])
def test_fewer_outcomes_than_the_profile_says_are_not_tested(bank, fewest, found):
    new = [("GOOD", 6, 6), *HONEST[1:]]

    assert len(held(bank, new, fewest=fewest)) == found


def test_the_limit_is_pinned_at_equality(bank):
    new = [("GOOD", 6, 6), *HONEST[1:]]
    rows = rows_of(bank, [*BEFORE, *((*one, "file:a", NEW) for one in new)])
    fresh = rows["countedSince"] == NEW
    named = with_outcomes(bank, peers=("lender",))
    (found,) = watch.held(rows, fresh, {"lender": rows["lender"]}, named, VERSION)

    assert held(bank, new, false_alarms=found.chance) == {}
    assert len(held(bank, new, false_alarms=math.nextafter(found.chance, 1))) == 1


@pytest.mark.parametrize(
    ("expected", "rows", "bads"),
    [(0.02, 20, 11), (0.02, 60, 25), (0.02, 100, 38), (0.02, 300, 107),
     (0.05, 20, 12), (0.05, 60, 29), (0.05, 100, 46), (0.05, 300, 130),
     (0.1, 20, 14), (0.1, 60, 35), (0.1, 100, 55), (0.1, 300, 156)],
)  # fmt: skip
def test_decision_8_says_from_how_many_defaults_on_loans_are_held(bank, expected, rows, bads):
    """At the profile's settings and a hundred tests."""
    settings = bank.outcomes
    chances = [100 * watch.chance(n, rows, expected, settings.dispersion) for n in (bads - 1, bads)]

    assert chances[0] >= settings.false_alarms > chances[1]


def test_nothing_is_held_where_nothing_is_new(bank):
    assert held(bank, []) == {}


@given(
    rows=st.integers(1, 300),
    expected=st.floats(0.001, 0.999),
    dispersion=st.floats(0.001, 0.5),
    share=st.floats(0, 1),
)
def test_paid_and_defaulted_are_tested_alike(rows, expected, dispersion, share):
    observed = round(share * rows)
    found = watch.chance(observed, rows, expected, dispersion)
    other = watch.chance(rows - observed, rows, 1 - expected, dispersion)

    assert 0 <= found <= 1
    assert found == pytest.approx(other, abs=1e-9)


def test_a_chance_is_that_of_the_distribution():
    """Six or more of ten, beta-binomial with a = 2 and b = 6, by its definition."""
    upper = sum(
        math.comb(10, k) * math.gamma(k + 2) * math.gamma(16 - k) / math.gamma(18)
        * math.gamma(8) / (math.gamma(2) * math.gamma(6))
        for k in range(6, 11)
    )  # fmt: skip

    assert watch.chance(6, 10, 0.25, 1 / 9) == pytest.approx(2 * upper)


def test_so_many_false_alarms_and_no_more(bank):
    """Honest lenders whose rates are drawn as the profile's dispersion says: 40 snapshots."""
    random = np.random.default_rng(12)
    alarms = 0
    for _ in range(40):
        rates = random.beta(0.05 * 19, 0.95 * 19, 20)
        new = [(f"L{n}", 30, int(random.binomial(30, rate))) for n, rate in enumerate(rates)]
        before = [(f"L{n}", 400, 20, None, None) for n in range(20)]
        alarms += bool(held(bank, new, before))
    assert alarms <= 2  # 1 % of 40; it is 2 at the most in 99.3 % of such drills
