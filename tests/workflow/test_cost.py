"""What the bill takes a decision to use is what it uses here, or more."""

import itertools
import json

import boto3
import pytest

from chalicelib import profile
from chalicelib.foundation.dynamodb_items import from_item, to_item
from infrastructure.account.cost import DESIGNS, VOLUMES, Tariff
from infrastructure.project import ROOT

TARIFF = Tariff()


def test_a_decision_is_no_larger_than_the_bill_says(served, loans):
    answer = served.predict(loans[24])
    key = to_item({name: answer[name] for name in ("clientId", "predictionId")})
    table = served.bank.settings.predictions_table
    stored = boto3.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
    size = len(json.dumps(from_item(stored))) / 1024

    assert TARIFF.one.item_kb / 2 < size < TARIFF.one.item_kb


def test_a_decisions_lines_are_no_longer_than_the_bill_says(served, loans):
    def written():
        files = served.bank.function_logs.folder.glob("*.jsonl")
        return sum(file.stat().st_size for file in files)

    before = written()
    for loan in loans[20:30]:
        served.predict(loan)
    size = (written() - before) / 10 / 1024

    assert TARIFF.one.log_kb / 2 < size < TARIFF.one.log_kb


def test_what_is_watched_is_what_the_bill_says(served, loans):
    served.predict(loans[20])
    served.bank.function_logs.flush_metrics()
    cloudwatch = boto3.client("cloudwatch")
    watched = [
        max(1, sum("MetricStat" in query for query in alarm.get("Metrics", [])))
        for alarm in cloudwatch.describe_alarms()["MetricAlarms"]
    ]
    pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace="AppVengers")
    series = {json.dumps(metric) for page in pages for metric in page["Metrics"]}

    assert sum(watched) == TARIFF.month.alarm_metrics
    always = [one for one in series if "Drift" not in one]  # those are sent in one hour a week
    assert len(always) <= TARIFF.month.metrics


def test_the_sizes_are_those_of_the_deployment():
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    endpoint = profile.load().endpoint["prod"]

    assert TARIFF.one.function_gb == config["lambda_memory_size"] / 1024
    assert TARIFF.one.endpoint_gb == endpoint.memory_mb / 1024
    assert TARIFF.month.provisioned == endpoint.provisioned
    assert f"Rate({TARIFF.month.warm_minutes}, unit=Rate.MINUTES)" in (ROOT / "app.py").read_text()


@pytest.mark.parametrize("design", DESIGNS)
def test_more_decisions_never_cost_less(design):
    bills = [DESIGNS[design](decisions, TARIFF) for decisions in VOLUMES]

    for fewer, more in itertools.pairwise(bills):
        assert all(more[service] >= fewer[service] > 0 for service in fewer)
