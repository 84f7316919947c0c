import pandas as pd
import pytest

from datasets import sba
from training.snapshots import snapshot


@pytest.fixture
def model(bank):
    return bank.model("NetworkingAccelerator")


def prepare(table, bank, model, directory):
    table.to_parquet(directory / "loans.parquet")
    return snapshot.prepare(snapshot.read(directory, bank, model), bank, model)


def test_open_loans_are_not_learnt_from_and_are_in_the_volumes_of_peers(
    loans, bank, model, learning, tmp_path
):
    demo = sba.snapshot(loans)
    november = demo["approvalDate"].between("2004-11-01", "2004-11-30") & demo["defaulted"].notna()
    open_cases = demo.assign(defaulted=demo["defaulted"].mask(november))
    prepared = prepare(open_cases, bank, model, tmp_path)
    assert len(prepared.training.rows) == len(learning[model.name].training.rows) - november.sum()
    assert prepared.tables == learning[model.name].tables


def test_what_a_trusted_file_says_of_open_loans_moves_no_rate(loans, bank, model, tmp_path):
    """300 loans of a lender in a file that counts, all of last spring: that they were made is known
    at once, and none of their defaults counts before its loan has matured."""
    demo = sba.snapshot(loans)
    forged = demo.loc[[*demo.index, *demo.index[-300:]]].reset_index(drop=True)
    added = forged.index >= len(demo)
    victim = demo["lender"].mode()[0], pd.Timestamp("2005-03-01"), None
    forged.loc[added, ["lender", "approvalDate", "defaulted"]] = victim
    tables = []
    for day in (pd.Timestamp("2005-06-01"), pd.NaT):
        forged.loc[added, "defaultDate"] = day
        tables.append(prepare(forged, bank, model, tmp_path).tables)
    usual = prepare(demo, bank, model, tmp_path).tables

    assert tables[0] == tables[1]
    rates = [name for name, rule in model.peers.items() if rule.get("measure") != "volume"]
    assert {name: usual[name] for name in rates} == {name: tables[0][name] for name in rates}
    assert usual != tables[0]


def test_a_few_loans_dated_far_from_the_others_make_nobodys_peers_old(
    loans, bank, model, learning, tmp_path
):
    """As an outcome told of a decision of today is, where the other loans are of years ago."""
    demo = sba.snapshot(loans)
    again = demo.loc[[*demo.index, *demo.index[-20:]]].reset_index(drop=True)
    late, told = again.index >= len(demo), again.index >= len(demo) + 10
    again.loc[late, ["approvalDate", "lender"]] = pd.Timestamp("2026-11-24"), "A NEW ONE"
    again.loc[late, "defaulted"] = None
    again.loc[told, "defaulted"] = 0.0  # some that have matured, too
    prepared, usual = prepare(again, bank, model, tmp_path), learning[model.name]

    assert prepared.tables == usual.tables
    assert prepared.seen == usual.seen
    assert prepared.training.window == usual.training.window
    assert len(prepared.holdout.rows) == len(usual.holdout.rows) + told.sum()


@pytest.mark.parametrize(("newest", "last"), [(1, "2005-06"), (4, "2005-06"), (5, "2005-07")])
def test_a_month_with_hardly_a_loan_is_not_the_last(newest, last):
    months = pd.date_range("2004-01-01", "2005-06-01", freq="MS").repeat(100)
    dates = pd.Series([*months, *[pd.Timestamp("2005-07-02")] * newest])

    assert str(snapshot.last_day(dates).to_period("M")) == last


def test_a_code_is_seen_once_loans_enough_of_late_had_it(loans, bank, model, tmp_path):
    demo, least = sba.snapshot(loans), bank.training.seen_loans
    newest, oldest = demo.nlargest(least, "approvalDate"), demo.nsmallest(least, "approvalDate")
    named = [
        newest.assign(lender="ENOUGH"),
        newest.iloc[1:].assign(lender="ONE TOO FEW"),
        oldest.assign(lender="LONG AGO"),
    ]
    seen = prepare(pd.concat([demo, *named]), bank, model, tmp_path).seen["lender"]

    assert least > 1
    assert {"ENOUGH", "ONE TOO FEW", "LONG AGO"} & {*seen} == {"ENOUGH"}


def test_the_window_is_counted_back_from_the_last_application_with_an_outcome(
    loans, bank, model, tmp_path
):
    demo = sba.snapshot(loans)
    late = demo["approvalDate"] > "2004-12-30"
    prepared = prepare(demo.assign(defaulted=demo["defaulted"].mask(late)), bank, model, tmp_path)
    assert prepared.training.window == {"from": "2002-12-31", "to": "2004-06-29"}
    assert prepared.calibration.window == {"from": "2004-06-30", "to": "2004-09-29"}
    assert prepared.holdout.window == {"from": "2004-09-30", "to": "2004-12-30"}


def test_a_snapshot_of_two_files_is_read_as_one(loans, bank, model, learning, tmp_path):
    demo = sba.snapshot(loans)
    demo.iloc[:20_000].to_parquet(tmp_path / "1.parquet")
    demo.iloc[20_000:].to_parquet(tmp_path / "2.parquet")
    prepared = snapshot.prepare(snapshot.read(tmp_path, bank, model), bank, model)
    pd.testing.assert_frame_equal(prepared.training.rows, learning[model.name].training.rows)


def test_good_loans_alone_teach_nothing(loans, bank, model, tmp_path):
    demo = sba.snapshot(loans)
    with pytest.raises(snapshot.InvalidSnapshot, match="not both outcomes"):
        prepare(demo[demo["defaulted"] == 0], bank, model, tmp_path)
