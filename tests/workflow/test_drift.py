"""watchDrift on real decisions: quiet on the loans that the models know, told when they change."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto.cloudwatch.models import cloudwatch_backends

from chalicelib.decisions.predictions import PredictionTable
from infrastructure.first_models.first_model_steps import scheduled_event
from localcloud.cloud import ACCOUNT
from tests.workflow.conftest import scheduled

MANY = 210


@pytest.fixture(scope="module")
def decided(served, loans):
    """A week of real loans of the test period, decided."""
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(served.predict, loans[:MANY])
        pairs = zip(loans, answers, strict=False)
        return [answer | {"application": loan["application"]} for loan, answer in pairs]


def watch(event):
    answer = boto3.client("lambda").invoke(
        FunctionName="appvengers-dev-watchDrift", Payload=json.dumps(event)
    )
    report = json.load(answer["Payload"])
    assert "FunctionError" not in answer, report
    return report


def told(served):
    notices = served.bank.cloud.notices
    return [one.message for one in notices if one.subject == "Deriva de los datos"]


def add_a_week_of(served, decided, days, **changes):
    """The same decisions some days from now, with other applications."""
    client, settings = boto3.client("dynamodb"), served.bank.settings
    table = PredictionTable(client, settings.predictions_table)
    at = (datetime.now(UTC) + timedelta(days=days)).replace(minute=0)
    for number, whole in enumerate(decided):
        identity = f"{int(at.timestamp() * 1000) + number:012x}{number:020x}"
        table.add(
            whole
            | {"predictionId": identity, "createdAt": at.isoformat()}
            | {"clientId": f"later-{number}"}  # other tests ask for the newest of a real one
            | {"application": whole["application"] | changes}
        )


def test_the_score_and_the_features_asked_for_are_measured(served, decided):
    assert watch(scheduled(days=0.01))["decisions"] >= MANY  # and those of other tests
    add_a_week_of(served, decided, days=15)
    report = watch(scheduled(days=16))
    models = report["models"]

    assert report["decisions"] == MANY
    assert {*models} == {"Tradicional", "NetworkingAccelerator", "AppVengersAccelerator"}
    assert {"amount", "employees", "state"} <= {*models["Tradicional"]["features"]}
    assert "amountPerEmployee" in models["Tradicional"]["notWatched"]
    assert "lenderPeers" in models["NetworkingAccelerator"]["notWatched"]
    for model in models.values():
        for part in (model["score"], *model["features"].values()):
            assert part["status"] in ("STABLE", "WATCH", "DRIFTED", "TOO_FEW")
    assert models["Tradicional"]["features"]["amount"]["psi"] < report["limits"]["psi_limit"]


def test_a_week_of_other_loans_is_told_once_with_the_feature_and_no_person(served, decided):
    add_a_week_of(served, decided, days=30, amount=4_900_000)
    event = scheduled(days=31)
    before = len(told(served))
    first, again = watch(event), watch(event)
    notices = told(served)[before:]

    assert first == again
    assert first["models"]["Tradicional"]["features"]["amount"]["status"] == "DRIFTED"
    assert len(notices) == 1
    assert "Tradicional amount:" in notices[0]
    assert not any(answer["clientId"] in notices[0] for answer in decided)


def test_the_index_is_a_metric_by_model_and_by_feature(served, decided):
    add_a_week_of(served, decided, days=60, amount=4_900_000)
    served.bank.function_logs.flush_metrics()
    cloudwatch_backends[ACCOUNT]["us-east-1"].metric_data.clear()
    report = watch(scheduled(days=61))
    served.bank.function_logs.flush_metrics()
    found = boto3.client("cloudwatch").list_metrics(Namespace="AppVengers")["Metrics"]
    series = {(m["MetricName"], *(d["Value"] for d in m["Dimensions"][1:])) for m in found}

    assert ("FeatureDrift", "amount") in series
    assert report["models"]["Tradicional"]["score"]["decisions"] >= MANY
    assert ("ScoreDrift", "Tradicional") in series


def test_a_week_without_decisions_says_so_and_tells_nobody(served):
    before = told(served)
    report = watch(scheduled_event(datetime.now(UTC) + timedelta(days=400)))

    assert report["decisions"] == 0
    assert report["models"]["Tradicional"]["score"] == {"status": "TOO_FEW", "decisions": 0}
    assert told(served) == before


def test_models_shows_the_newest_report_and_the_vintages(served, decided):
    report = watch(scheduled(days=500))
    s3, bucket = boto3.client("s3"), served.bank.settings.data_bucket
    vintages = [{"month": "2026-11", "decisions": 12, "approved": 7, "matured": 0, "bads": 0}]
    place = "credit/snapshots/20300101T000000"
    keys = [f"{place}/vintages.json", f"{place}/manifest.json"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(vintages))
    shown = served.get("/models").json()
    for key in keys:
        s3.delete_object(Bucket=bucket, Key=key)

    assert shown["drift"] == report
    assert shown["vintages"] == {"snapshot": "20300101T000000", "vintages": vintages}
