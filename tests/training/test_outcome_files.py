"""Real outcomes as files: loans decided elsewhere, and decisions made here."""

import io
from datetime import date

import pandas as pd
import pytest

from bank.kept_files import outcome_files
from datasets import NoLoans
from datasets.sba import PROFILE, SAMPLE, dataset_of
from training import training_profile
from training.collecting import new_data

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def dataset():
    return dataset_of(pd.read_parquet(SAMPLE))


def stored(client_id, day="2024-01-10", **more):
    item = {"clientId": client_id, "predictionId": "0a", "createdAt": f"{day}T10:00:00.000Z"}
    return {name: {"S": value} for name, value in (item | more).items()}


def test_loans_of_some_months_are_taken_row_by_row(dataset):
    text = outcome_files.of_loans(dataset, "2006-01", "2006-02")
    frame, _ = new_data.read("loans.csv", text.encode())
    taken, wrong = new_data.loans(frame, training_profile.read(PROFILE), pd.Timestamp(TODAY))

    assert wrong == []
    assert len(taken) == len(frame) > 100
    assert taken["approvalDate"].between("2006-01-01", "2006-02-28").all()
    assert taken["told"].isin(["paid", "defaulted"]).all()


def test_months_without_loans_are_told(dataset):
    with pytest.raises(NoLoans, match="from 2030-01 to 2030-02"):
        outcome_files.of_loans(dataset, "2030-01", "2030-02")


def test_decisions_on_real_loans_are_told_with_what_became_of_them(dataset):
    cases = list(dataset.cases())
    paid = next(c for c in cases if c["defaulted"] is False and c["default_days"] is None)
    bad = next(c for c in cases if c["defaulted"] and c["default_days"] < 900)
    items = [
        stored(paid["clientId"], decision="APPROVE"),
        stored(bad["clientId"], decision="REVIEW"),
        stored(bad["clientId"], predictionId="0b", decision="DECLINE"),
        stored("somebody", decision="APPROVE"),
        stored(paid["clientId"], toldAt="2026-11-24"),
    ]
    text = outcome_files.of_decisions(dataset, [{"Items": items}], TODAY)
    found = pd.read_csv(io.StringIO(text), dtype=str).set_index("clientId")
    when = pd.Timestamp("2024-01-10") + pd.Timedelta(days=bad["default_days"])

    assert dict(found["outcome"]) == {paid["clientId"]: "paid", bad["clientId"]: "defaulted"}
    assert set(found["granted"]) == {"2024-01-10"}
    assert found.loc[bad["clientId"], "when"] == str(when.date())
    assert found.loc[paid["clientId"], "when"] == "2026-11-24"


def test_no_date_is_in_the_future(dataset):
    bad = next(case for case in dataset.cases() if case["defaulted"])
    item = stored(bad["clientId"], day="2026-11-20", decision="APPROVE")

    text = outcome_files.of_decisions(dataset, [{"Items": [item]}], TODAY)
    assert text.splitlines()[1].endswith(",defaulted,2026-11-24,2026-11-20")


def test_without_such_decisions_there_is_no_file(dataset):
    with pytest.raises(NoLoans, match="No approved or reviewed decision"):
        outcome_files.of_decisions(dataset, [{"Items": []}], TODAY)
