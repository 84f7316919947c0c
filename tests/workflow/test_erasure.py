"""A client is erased in a bank in service: a search finds the planted values nowhere else."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from click.testing import CliRunner

from bank.first_run import body_of
from chalicelib.governance.erasure.erasure_table import ErasureTable
from chalicelib.governance.policies.times import written_at
from infrastructure.first_models.first_model_steps import scheduled_event
from tests.workflow.test_people import where
from tests.workflow.test_reviews import NO, review
from workbench import replay

CLIENT, OTHER = "planted-client-77310946", "planted-other-5512"
LENDER, WORDS = "PLANTED LENDER 60318825", "Planted words 48120077 of Ana"
FILES = (
    "credit/snapshots/20260102T000000/decisions.parquet",
    "credit/reports/20260102T000000/Tradicional/decisions.jsonl",
)
PLANTED = (CLIENT, LENDER, WORDS)
DATA = "dev-appvengers-data"


def erase(desk, client, role="operator", reason="CLIENT_REQUEST"):
    return desk.ask(role, "DELETE", f"/clients/{client}", params={"reason": reason})


def objects():
    """Yield bucket, key and body of every version of every object."""
    s3 = boto3.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            for one in page.get("Versions", []):
                version = {"Bucket": name, "Key": one["Key"], "VersionId": one["VersionId"]}
                yield name, one["Key"], s3.get_object(**version)["Body"].read()


def places(served, text):
    """Return each place that has the text: items, index, objects, notices, files on disk."""
    settings, found, sought = served.bank.settings, set(), text.encode()
    served.bank.cloud.idle(30)  # until the stream's records are read: AWS keeps them for a day
    dynamodb = boto3.client("dynamodb")
    cases, decisions = settings.reviews_table, settings.predictions_table
    for table, index in ((decisions, None), (decisions, "byDay"), (cases, None), (cases, "byDue")):
        of = {"TableName": table} | ({"IndexName": index} if index else {})
        for page in dynamodb.get_paginator("scan").paginate(**of):
            for item in page["Items"]:
                if text in json.dumps(item):
                    found.add(("item", item["predictionId"]["S"]))
    found |= {("object", f"{bucket}/{key}") for bucket, key, body in objects() if sought in body}
    folder = served.bank.function_logs.folder.parent
    with closing(sqlite3.connect(folder / "cloud.sqlite")) as db:
        db.execute("vacuum")  # pages that SQLite balanced have bytes of rows that are elsewhere
        db.execute("pragma wal_checkpoint(truncate)")
    for file in folder.rglob("*"):
        if file.is_file() and sought in file.read_bytes():
            found.add(("file", str(file.relative_to(folder))))
    return found


@pytest.fixture(scope="module")
def story(served, desk, loans):
    """A client without a loan, and one with it, both with planted values, and an erasure."""
    decided, asked, keys = {}, {}, {}
    for loan in map(body_of, loans):
        application = loan["application"] | {"lender": LENDER}
        for client in (CLIENT, OTHER):
            body = loan | {"clientId": client, "application": application}
            if client == OTHER:
                body["application"] = loan["application"]
            if client not in decided:
                key = f"{len(keys)}-{client}"
                answer = served.post(body, **{"Idempotency-Key": key}).json()
                if answer["decision"] == ("REVIEW" if client == CLIENT else "APPROVE"):
                    decided[client], asked[client], keys[client] = answer, body, key
        if len(decided) == 2:
            break
    assert review(desk, "reviewer", decided[CLIENT], NO | {"text": WORDS}).status_code == 200
    for key in FILES:
        body = f"{LENDER} {CLIENT}".encode()
        boto3.client("s3").put_object(Bucket=DATA, Key=key, Body=body)
    before = {text: places(served, text) for text in PLANTED}
    return {
        "decided": decided,
        "asked": asked,
        "keys": keys,
        "before": before,
        "answer": erase(desk, CLIENT),
        "loan": erase(desk, OTHER),
    }


def test_the_answer_has_each_class_with_its_law(story):
    answer, loan = story["answer"], story["loan"]
    decisions, kept = answer.json()["classes"][1], loan.json()["classes"][0]

    assert (answer.status_code, loan.status_code) == (200, 200), answer.text + loan.text
    assert decisions["pseudonymised"] >= 1
    assert "LOPDP" in decisions["law"]
    assert answer.json()["classes"][2]["erased"] >= 1
    assert answer.json()["classes"][3] == {"class": "cases", "erased": 1}
    assert answer.json()["files"]["erased"] >= 2
    assert kept["kept"] == 1
    until = datetime.now(UTC).date() + timedelta(days=3650)
    assert kept["until"] == until.isoformat()


def test_the_planted_values_were_in_many_places_and_are_found_nowhere(served, story):
    kinds = {kind for kind, _ in story["before"][LENDER]}

    assert kinds == {"item", "object", "file"}
    assert {kind for kind, _ in story["before"][WORDS]} == {"item", "file"}
    for text in PLANTED:
        assert places(served, text) == set()


def test_an_erasure_that_was_cut_off_is_finished_by_the_next_watch(served, loans):
    decided = served.post(body_of(loans[0]) | {"clientId": "cut-off-44"}).json()
    settings = served.bank.settings
    tables = settings.predictions_table, settings.reviews_table
    order = {"at": written_at(datetime.now(UTC)), "reason": "COURT_ORDER", "by": {"sub": "s"}}
    ErasureTable(boto3.client("dynamodb"), *tables).begin("cut-off-44", order)

    def watch(minutes):
        event = scheduled_event(datetime.now(UTC) + timedelta(minutes=minutes))
        function = settings.function("watchReviews")
        invoked = boto3.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        assert "FunctionError" not in invoked

    watch(59)
    assert served.get(where(decided)).status_code == 200
    watch(61)
    gone = decided["decision"] != "APPROVE"  # a law keeps a loan
    assert served.get(where(decided)).status_code == (404 if gone else 200)
    assert ("item", "open#cut-off-44") not in places(served, "cut-off-44")


def test_the_loan_that_a_law_keeps_is_there_and_its_key_decides_nothing_new(served, story):
    kept = story["decided"][OTHER]

    assert served.get(where(kept)).status_code == 200
    named = {name for kind, name in places(served, OTHER) if kind == "item"}
    assert {name for name in named if name.startswith("idempotency#")}
    again = served.post(story["asked"][OTHER], **{"Idempotency-Key": story["keys"][OTHER]})
    assert again.json()["predictionId"] == kept["predictionId"]


def test_a_late_outcome_of_an_erased_decision_finds_none(served, story):
    gone, today = story["decided"][CLIENT], datetime.now(UTC).date().isoformat()
    told = served.post({"outcome": "paid", "when": today}, f"{where(gone)}/outcome")

    assert told.status_code == 404
    assert served.get(where(gone)).status_code == 404


def test_a_replay_says_that_the_decision_was_erased(story):
    gone = story["decided"][CLIENT]
    done = CliRunner().invoke(replay.main, [gone["clientId"], gone["predictionId"]])

    assert done.exit_code == 1
    assert "was erased" in done.output
    every = CliRunner().invoke(replay.main, ["--all", "10000"])
    assert gone["predictionId"] not in every.output
    assert "was erased" not in every.output


@pytest.mark.parametrize("role", ["analyst", "reviewer", "risk", "auditor"])
def test_no_other_role_erases(desk, role):
    assert erase(desk, "somebody", role).status_code == 403


@pytest.mark.parametrize(
    ("client", "reason", "field"),
    [
        ("%23erasures", "CLIENT_REQUEST", "clientId"),
        ("erased%23abc", "CLIENT_REQUEST", "clientId"),
        ("ana", "she asked for it", "reason"),
    ],
)
def test_no_free_text_and_no_partition_of_the_erasures_own(desk, client, reason, field):
    refused = erase(desk, client, reason=reason)

    assert refused.status_code == 400
    assert [one["field"] for one in refused.json()["errors"]] == [field]
