"""A file of outcomes and one updateData, no other action: each model is promoted or refused."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from chalicelib.retraining.data_bucket import DataBucket
from datasets.sba import TEST_FROM, TEST_TO
from infrastructure.first_models.first_model_steps import scheduled_event
from tests.workflow.test_outcomes import PAID, day_of, tell

DATA = "dev-appvengers-data"
MODELS = {"Tradicional", "NetworkingAccelerator", "AppVengersAccelerator"}
PATIENCE_SECONDS = 300


def update(at: datetime) -> dict:
    answer = boto3.client("lambda").invoke(
        FunctionName="appvengers-dev-updateData", Payload=json.dumps(scheduled_event(at))
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    return json.load(answer["Payload"])


def put(key: str, body: bytes) -> None:
    boto3.client("s3").put_object(Bucket=DATA, Key=key, Body=body)


def read(key: str) -> dict:
    return json.loads(boto3.client("s3").get_object(Bucket=DATA, Key=key)["Body"].read())


@pytest.fixture(scope="module")
def story(served, sample, loans):
    """An outcome by the API, a file of real loans with one wrong row, updateData twice."""
    decided = served.predict(loans[3])
    assert tell(served, decided, PAID | {"granted": day_of(decided)}).status_code == 200
    put("credit/snapshots/20260101T000000/part-0.parquet", b"of a job that died")
    first = DataBucket(boto3.client("s3"), DATA).newest_snapshot()
    at = datetime.now(UTC) + timedelta(seconds=1)  # a schedule's times are whole seconds
    later = sample.later(TEST_FROM, TEST_TO).reset_index(drop=True)
    later.loc[0, "amount"] = -1
    put("credit/newData/loans.csv", later.to_csv(index=False).encode())
    done = [update(at), update(at)]
    served.bank.cloud.idle(PATIENCE_SECONDS)
    arn = served.bank.settings.retraining_machine_arn("123456789012")
    arn = f"{arn.replace(':stateMachine:', ':execution:')}:{done[0]['execution']}"
    described = boto3.client("stepfunctions").describe_execution(executionArn=arn)
    version = json.loads(described["input"])["version"]
    return {
        "done": done,
        "status": described["status"],
        "cause": described.get("cause"),
        "output": json.loads(described.get("output", "null")),
        "version": version,
        "manifest": read(f"credit/snapshots/{version}/manifest.json"),
        "first": first,
        "decided": decided,
        "later": len(later),
        "notices": [n.message for n in served.bank.cloud.notices if version in n.message],
    }


def test_the_same_event_twice_is_one_retraining(story):
    assert [one["done"] for one in story["done"]] == ["started", "already started"]
    assert story["status"] == "SUCCEEDED", story["cause"]


def test_each_model_is_promoted_or_refused_with_its_reasons(served, story):
    told = {one["model"]: one for one in story["output"]["models"]}
    live = served.get("/models").json()["models"]

    assert set(told) == MODELS
    for name, one in told.items():
        assert one["verdict"] in ("promoted", "rejected"), one["cause"]
        assert bool(one["reasons"]) == (one["verdict"] == "rejected")
        promoted = live[name]["version"] == story["version"]
        assert promoted == (one["verdict"] == "promoted")
        judged = live[name]["challenger"]
        assert (judged["version"], judged["reasons"]) == (story["version"], one["reasons"])
        assert judged["verdict"] == ("passed" if promoted else "rejected")
        assert judged["report"].endswith(f"/{name}/report.html")


def test_the_snapshot_has_the_new_loans_beside_the_first_ones(story):
    manifest = story["manifest"]

    assert manifest["previous"] == story["first"]
    assert story["first"].endswith("-2005-06-30")
    assert manifest["newRows"] == story["output"]["newRows"] == story["later"] - 1
    assert manifest["wrongRows"] == 1
    assert read(manifest["report"])["wrong"][0]["what"] == "amount must be 100 or more"
    assert set(manifest["files"]) >= {"part-applications.parquet", "decisions.parquet"}


def test_the_notices_tell_of_the_start_of_each_model_and_of_wrong_rows(story):
    told = "\n".join(story["notices"])

    assert f"Reentrenamiento iniciado: {story['version']}" in told
    assert "Filas que no se usaron: 1" in told
    for model in MODELS:
        assert model in told
    assert story["decided"]["clientId"] not in told


def test_an_outcome_that_only_an_api_key_says_is_noticed_once(story):
    (told,) = [one for one in story["notices"] if one.startswith("Resultados por revisar")]

    assert story["manifest"]["unconfirmed"] >= 1
    assert f"sin confirmar por una fuente de confianza: {story['manifest']['unconfirmed']}." in told
    assert story["decided"]["predictionId"] not in told


def test_afterwards_there_is_nothing_new(served, story):
    assert update(datetime.now(UTC) + timedelta(minutes=1)) == {"done": "nothing new"}


def test_the_models_page_shows_the_vintages_of_the_newest_snapshot(served, story):
    vintages = served.get("/models").json()["vintages"]

    assert vintages["snapshot"] == story["version"]
    assert vintages["vintages"]["months"][-1]["decisions"] >= 1
