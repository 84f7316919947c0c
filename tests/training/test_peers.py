import math

import numpy as np
import pandas as pd
import pytest

from training.snapshots import peers

MONTHS, MATURE = 60, 36


def history(loans: pd.DataFrame) -> peers.History:
    return peers.History(loans["approvalDate"], outcomes(loans), MONTHS, MATURE)


def outcomes(loans: pd.DataFrame) -> pd.Series:
    """All have matured by the day on which the sample was drawn."""
    return ends(loans).ge(loans["defaultDate"]).astype(float)


def ends(loans: pd.DataFrame) -> pd.Series:
    return pd.Series(
        pd.DatetimeIndex(loans["approvalDate"]) + pd.DateOffset(months=MATURE), loans.index
    )


def lenders(loans: pd.DataFrame, rows: pd.DataFrame, told: pd.Series | None = None) -> np.ndarray:
    known = outcomes(loans) if told is None else told
    return peers.intensity(
        peers.History(loans["approvalDate"], known, MONTHS, MATURE),
        loans["lender"],
        rows["lender"],
        rows["approvalDate"],
    )


@pytest.fixture
def asked(loans) -> pd.DataFrame:
    return loans[loans["approvalDate"].between("2004-01-01", "2005-06-30")].sample(
        40, random_state=1
    )


def test_the_intensity_is_the_one_of_the_formula(loans, asked):
    for value, (_, row) in zip(lenders(loans, asked), asked.iterrows(), strict=True):
        assert value == pytest.approx(by_hand(loans, row), abs=1e-12)


def by_hand(loans: pd.DataFrame, row: pd.Series) -> float:
    at = row["approvalDate"]
    end = ends(loans)
    known = loans[(end >= at - pd.DateOffset(months=MONTHS - MATURE)) & (end < at)]
    bad = outcomes(known)
    same = known["lender"] == row["lender"]
    base = bad.mean()
    return math.log((bad[same].sum() + 20 * base) / (same.sum() + 20) / base)


def test_an_open_loan_moves_no_rate_whatever_is_reported_of_it(loans, asked):
    """All that is open on a row's day defaults, or is paid, or is not reported at all."""
    for _, row in asked.head(10).iterrows():
        one, there = row.to_frame().T, outcomes(loans)
        open_then = ends(loans) >= row["approvalDate"]
        assert open_then.any()
        for said in (1.0, 0.0, None):
            assert lenders(loans, one, there.mask(open_then, said)) == lenders(loans, one)


def test_a_loan_counts_from_the_day_after_it_has_matured(loans):
    made = loans.nsmallest(1, "approvalDate")
    others = loans[loans["lender"] != made["lender"].iloc[0]]
    both = pd.concat([made, others], ignore_index=True)
    told = outcomes(both).mask(both.index == 0, 1.0)
    matured = made["approvalDate"].iloc[0] + pd.DateOffset(months=MATURE)
    days = [matured, matured + pd.Timedelta(days=1)]
    rows = pd.DataFrame({"lender": made["lender"].iloc[0], "approvalDate": pd.to_datetime(days)})
    defaulted, paid = (lenders(both, rows, told.mask(both.index == 0, one)) for one in (1.0, 0.0))

    assert defaulted[0] == paid[0]
    assert defaulted[1] > paid[1]


@pytest.mark.parametrize("measure", [peers.intensity, peers.volume])
def test_the_table_is_what_an_application_of_the_next_day_would_see(loans, measure):
    last = pd.Timestamp("2005-06-30")
    known = loans[loans["approvalDate"] <= last]
    table = peers.table(measure, history(known), known["lender"], last)
    names = pd.Series(known["lender"].dropna().unique(), dtype=object)
    tomorrow = pd.Series(pd.Timestamp("2005-07-01"), index=names.index)
    fresh = measure(history(known), known["lender"], names, tomorrow)
    assert any(table.values())
    assert [table.get(name, 0.0) for name in names] == pytest.approx(fresh.tolist(), abs=1e-6)


def test_before_any_default_everyone_is_like_the_portfolio(loans, asked):
    nothing = pd.Series(0.0, loans.index)
    assert lenders(loans, asked, nothing).tolist() == [0.0] * len(asked)


def test_the_volume_counts_the_loans_of_the_window_before_the_application(loans, asked):
    volumes = peers.volume(history(loans), loans["lender"], asked["lender"], asked["approvalDate"])
    for value, (_, row) in zip(volumes, asked.iterrows(), strict=True):
        at, same = row["approvalDate"], loans[loans["lender"] == row["lender"]]
        start = at - pd.DateOffset(months=60)
        counted = ((same["approvalDate"] >= start) & (same["approvalDate"] < at)).sum()
        assert value == pytest.approx(math.log(1 + counted))


def test_an_old_loan_whose_outcome_is_missing_moves_no_rate(loans, asked):
    missing = loans.index % 3 == 0
    there = loans[~missing]

    rates = lenders(loans, asked, outcomes(loans).mask(missing))
    assert rates == pytest.approx(lenders(there, asked), abs=1e-12)
    assert rates.tolist() != lenders(loans, asked).tolist()
