import json
import os
import re
import tomllib

import pandas as pd
import pytest
from rich.console import Console

from datasets import sba
from tests.training.given import MODELS, ROOT
from training.snapshots import snapshot


@pytest.fixture(scope="module")
def converted():
    return sba.convert((ROOT / "tests/data/sba_raw.csv").read_bytes()).set_index("loanNumber")


def test_a_loan_guaranteed_in_full_is_another_programme(converted):
    assert "5863334009" not in converted.index


def test_a_year_68_is_1968_and_before_our_history(converted):
    assert "7245920005" not in converted.index
    assert converted["approvalDate"].min() == pd.Timestamp("2003-08-26")


def test_earlier_loans_are_those_of_the_same_name_however_it_is_spelt(converted):
    assert converted["earlierLoans"].tolist() == [0, 1, 2, 3]
    assert converted["earlierDefaults"].tolist() == [0, 0, 0, 0]  # the default came in 2010


def test_the_codes_of_the_register_get_a_meaning(converted):
    loan = converted.loc["1129585007"]
    assert (loan["zip"], loan["naics"], loan["franchise"]) == ("01864", "484121", None)
    assert (loan["newBusiness"], loan["location"], loan["revolving"]) == ("new", "urban", "yes")
    assert pd.isna(converted.loc["7978414008"]["revolving"])  # the code 0 says nothing
    assert (loan["amount"], loan["guaranteeShare"]) == (62_000, 0.5)


def test_no_name_leaves_the_conversion(converted):
    assert "MOOSE" not in converted.reset_index().to_csv().upper()


def test_the_sample_is_in_the_format_of_the_register(converted, loans):
    assert list(loans.columns) == list(converted.reset_index().columns)
    assert (loans["earlierDefaults"] <= loans["earlierLoans"]).all()
    assert loans["earlierDefaults"].any()


def test_a_loan_is_bad_if_it_is_charged_off_within_36_months(loans):
    demo = sba.snapshot(loans)
    late = demo["defaultDate"] > demo["approvalDate"] + pd.DateOffset(months=36)
    assert late.any()
    assert (demo.loc[late, "defaulted"] == 0).all()
    assert demo["defaulted"].mean() > 0.01


def test_the_snapshot_ends_before_the_test_period_starts(loans):
    assert sba.snapshot(loans)["approvalDate"].max() < sba.TEST_FROM
    assert sum(1 for _ in sba.applications(loans)) == 1_500


def test_every_real_application_is_valid_by_the_profile(loans):
    features = tomllib.loads(sba.PROFILE.read_text())["features"]
    asked = {name: f for name, f in features.items() if "derive" not in f}
    for case in sba.applications(loans):
        json.dumps(case)
        assert set(case["application"]) <= set(asked)
        for name, feature in asked.items():
            value = case["application"].get(name)
            assert value is not None or not feature.get("required"), (case["clientId"], name)
            assert value is None or fits(value, feature), (case["clientId"], name, value)


def fits(value, feature) -> bool:
    if feature["type"] == "category":
        return value in feature["values"]
    if feature["type"] == "code":
        return re.fullmatch(feature["pattern"], value) is not None
    whole = isinstance(value, int) or feature["type"] == "number"
    return whole and feature["minimum"] <= value <= feature["maximum"]


@pytest.mark.parametrize("model", MODELS)
def test_no_feature_knows_what_came_after_the_window(model, loans, bank, tmp_path, learning):
    """Turn round each outcome that has not matured by then and move the later defaults: nothing
    changes."""
    demo = sba.snapshot(loans)
    months = pd.DateOffset(months=bank.training.outcome_months)
    open_still = demo["approvalDate"] + months >= sba.TEST_FROM
    turned = demo["defaulted"].mask(open_still, 1 - demo["defaulted"])
    later = demo["defaultDate"] >= sba.TEST_FROM
    moved = demo["defaultDate"].mask(later, pd.Timestamp("2013-01-01"))
    demo.assign(defaulted=turned, defaultDate=moved).to_parquet(tmp_path / "loans.parquet")
    assert 0 < open_still.mean() < 1
    wanted = bank.model(model)
    changed = snapshot.prepare(snapshot.read(tmp_path, bank, wanted), bank, wanted)
    pd.testing.assert_frame_equal(changed.training.rows, learning[model].training.rows)
    pd.testing.assert_frame_equal(changed.holdout.rows, learning[model].holdout.rows)
    assert changed.tables == learning[model].tables


def test_a_register_can_be_named(monkeypatch):
    monkeypatch.setenv("APPVENGERS_REGISTER", str(sba.SAMPLE))
    assert sba.register(Console(quiet=True)) == sba.SAMPLE


def test_a_named_register_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setenv("APPVENGERS_REGISTER", "/nowhere.parquet")
    with pytest.raises(sba.NoRegister, match="/nowhere.parquet"):
        sba.register(Console(quiet=True))


def test_a_registry_out_of_reach_is_an_error_that_names_the_way_out(monkeypatch, tmp_path):
    monkeypatch.delenv("APPVENGERS_REGISTER", raising=False)
    monkeypatch.setenv("APPVENGERS_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(sba.NoRegister, match="APPVENGERS_REGISTER=tests/data/sba_sample.parquet"):
        sba.register(Console(quiet=True))
    assert list(tmp_path.iterdir()) == []
