"""Of the reports that GET /models shows, only those that are whole."""

import json

import pytest

from chalicelib.retraining.reports import Reports
from tests.fakes import S3


def snapshot(name, *files):
    return {f"credit/snapshots/{name}/{file}": json.dumps([name]).encode() for file in files}


def test_the_vintages_of_a_snapshot_that_is_being_written_are_not_shown():
    whole = snapshot("20260101T000000", "manifest.json", "vintages.json")
    half = snapshot("20260108T000000", "part-0.parquet", "vintages.json")
    by_hand = snapshot("20260109T000000-bank", "manifest.json")

    shown = Reports(S3(whole | half | by_hand), "data").vintages()
    assert shown == {"snapshot": "20260101T000000", "vintages": ["20260101T000000"]}
    assert Reports(S3(half), "data").vintages() is None


WHOLE = {"version": "v1", "snapshot": "s", "verdict": "rejected", "reasons": [], "page": "p"}


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"version": "v2"}', b"[" * 100_000])
def test_a_report_that_is_none_hides_no_other(broken):
    reports = Reports(
        S3(
            {
                "credit/reports/v1/Tradicional/report.json": json.dumps(WHOLE).encode(),
                "credit/reports/v2/Tradicional/report.json": broken,
                "credit/reports/v2/Otro/report.json": broken,
            }
        ),
        "data",
    )
    found = reports.challengers(["Tradicional", "Otro"])

    assert found["Otro"] is None
    assert found["Tradicional"]["version"] == "v1"
    assert [one["version"] for _, one in reports.verdicts("Tradicional")] == ["v1"]
