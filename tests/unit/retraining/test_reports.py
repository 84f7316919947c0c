"""Of the reports that GET /models shows, only those that are whole."""

import json

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
