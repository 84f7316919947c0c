import math

import numpy as np
import pandas as pd
import peers
import pytest

WINDOWS = peers.Windows(months=60, default_months=24)


def history(loans: pd.DataFrame) -> peers.History:
    return peers.History(loans["approvalDate"], loans["defaultDate"])


def lenders(loans: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
    return peers.intensity(
        history(loans), loans["lender"], WINDOWS, rows["lender"], rows["approvalDate"]
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

    def within(dates, months):
        return ((dates >= at - pd.DateOffset(months=months)) & (dates < at)).sum()

    same = loans[loans["lender"] == row["lender"]]
    base = within(loans["defaultDate"], 24) / within(loans["approvalDate"], 60)
    defaults, granted = within(same["defaultDate"], 24), within(same["approvalDate"], 60)
    return math.log((defaults + 20 * base) / (granted + 20) / base)


def test_peers_know_nothing_dated_on_or_after_the_application(loans, asked):
    for _, row in asked.head(10).iterrows():
        at = row["approvalDate"]
        past = loans[(loans["approvalDate"] < at) | (loans.index == row.name)]
        past = past.assign(defaultDate=past["defaultDate"].where(past["defaultDate"] < at))
        assert lenders(past, row.to_frame().T) == lenders(loans, row.to_frame().T)


@pytest.mark.parametrize("measure", [peers.intensity, peers.volume])
def test_the_table_is_what_an_application_of_the_next_day_would_see(loans, measure):
    last = pd.Timestamp("2005-06-30")
    known = loans[loans["approvalDate"] <= last]
    table = peers.table(measure, history(known), known["lender"], WINDOWS, last)
    names = pd.Series(known["lender"].dropna().unique(), dtype=object)
    tomorrow = pd.Series(pd.Timestamp("2005-07-01"), index=names.index)
    fresh = measure(history(known), known["lender"], WINDOWS, names, tomorrow)
    assert [table.get(name, 0.0) for name in names] == pytest.approx(fresh.tolist(), abs=1e-6)


def test_a_default_after_the_snapshot_is_not_in_the_table(loans):
    last = pd.Timestamp("2005-06-30")
    known = loans[loans["approvalDate"] <= last]
    censored = known.assign(defaultDate=known["defaultDate"].where(known["defaultDate"] <= last))
    assert known["defaultDate"].gt(last).any()
    tables = [
        peers.table(peers.intensity, history(one), known["lender"], WINDOWS, last)
        for one in (known, censored)
    ]
    assert tables[0] == tables[1]


def test_before_any_default_everyone_is_like_the_portfolio(loans):
    first = loans.nsmallest(5, "approvalDate")
    assert lenders(loans.assign(defaultDate=pd.NaT), first).tolist() == [0.0] * 5


def test_the_volume_counts_the_loans_of_the_window_before_the_application(loans, asked):
    volumes = peers.volume(
        history(loans), loans["lender"], WINDOWS, asked["lender"], asked["approvalDate"]
    )
    for value, (_, row) in zip(volumes, asked.iterrows(), strict=True):
        at, same = row["approvalDate"], loans[loans["lender"] == row["lender"]]
        start = at - pd.DateOffset(months=60)
        counted = ((same["approvalDate"] >= start) & (same["approvalDate"] < at)).sum()
        assert value == pytest.approx(math.log(1 + counted))
