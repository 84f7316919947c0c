import pandas as pd
import pytest
import snapshot

from training.datasets import sba


@pytest.fixture
def model(bank):
    return bank.model("NetworkingAccelerator")


def prepare(table, bank, model, directory):
    table.to_parquet(directory / "loans.parquet")
    return snapshot.prepare(snapshot.read(directory, bank, model), bank, model)


def test_rows_without_an_outcome_only_serve_as_peers(loans, bank, model, learning, tmp_path):
    demo = sba.snapshot(loans)
    november = demo["approvalDate"].between("2004-11-01", "2004-11-30") & demo["defaulted"].notna()
    open_cases = demo.assign(defaulted=demo["defaulted"].mask(november))
    prepared = prepare(open_cases, bank, model, tmp_path)
    assert len(prepared.training.rows) == len(learning[model.name].training.rows) - november.sum()
    assert prepared.tables == learning[model.name].tables


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
