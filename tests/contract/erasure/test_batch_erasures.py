"""Erasures and a batch that runs meanwhile, on the embedded cloud's table."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from chalicelib.decisions.intake.batches.batch_closing import close
from chalicelib.decisions.intake.batches.batch_files import BatchFiles, ChunkResult
from chalicelib.decisions.intake.batches.batch_ids import made_at, new_batch_id, prediction_id
from chalicelib.decisions.intake.batches.chunk_decision import Deciding, decide_chunk
from chalicelib.decisions.predictions import PredictionTable
from chalicelib.foundation.errors import ModelRejected
from chalicelib.foundation.record_salt import ERASURES
from chalicelib.governance.erasure import client_erasure, erasure_sweep
from chalicelib.governance.erasure.batch_erasures import BatchErasures
from chalicelib.governance.erasure.decision_files import DecisionFiles
from chalicelib.governance.erasure.erasure_table import ErasureTable
from chalicelib.profile import load
from infrastructure.deploy.steps.stack import deploy
from localcloud.embedded_cloud import embedded_cloud

TABLE, QUEUE = "dev-appvengers-PrediccionesCredito", "dev-appvengers-Revisiones"
DATA = "dev-appvengers-data"
CLIENTS = ("ana", "ben", "eva")
BEGUN = datetime.now(UTC) - timedelta(minutes=30)
SMALL = load().examples["small"].application


class Silent:
    """Models that reject every application: a person decides."""

    def score_all(self, model, applications):
        raise ModelRejected("no")


class Interrupted:
    """The table of decisions. Before `client` is stored, somebody does `meanwhile`."""

    def __init__(self, table, client, meanwhile):
        self.table, self.client, self.meanwhile = table, client, meanwhile

    def add(self, record):
        if record["clientId"] == self.client:
            self.meanwhile()
        return self.table.add(record)


@pytest.fixture(scope="module")
def dynamodb():
    with embedded_cloud(None):
        deploy(boto3.client("cloudformation"), "appvengers", "dev")
        yield boto3.client("dynamodb")


@pytest.fixture
def table(dynamodb):
    for item in dynamodb.scan(TableName=TABLE)["Items"]:
        key = {name: item[name] for name in ("clientId", "predictionId")}
        dynamodb.delete_item(TableName=TABLE, Key=key)
    return ErasureTable(dynamodb, TABLE, QUEUE)


def of_client(dynamodb, client):
    asked = {"TableName": TABLE, "KeyConditionExpression": "clientId = :c"}
    return dynamodb.query(**asked, ExpressionAttributeValues={":c": {"S": client}})["Items"]


def erase(table, client, at=BEGUN):
    event = {"clientId": client, "reason": "CLIENT_REQUEST", "by": {"sub": "s"}}
    files = DecisionFiles(boto3.client("s3"), DATA)
    return client_erasure.erase(event, load().retention, table, files, at)


@pytest.fixture
def batch():
    """A batch of a chunk, asked for ten minutes before the erasures."""
    made = new_batch_id(BEGUN - timedelta(minutes=10))
    files, s3 = BatchFiles(boto3.client("s3"), DATA), boto3.client("s3")
    lines = [{"clientId": client, "application": SMALL} for client in CLIENTS]
    body = "".join(json.dumps(one) + "\n" for one in lines).encode()
    key = f"credit/uploads/{made}/rows.jsonl"
    version = s3.put_object(Bucket=DATA, Key=key, Body=body)["VersionId"]
    source = {"key": key, "version": version, "size": len(body)}
    files.put(made, "request.json", {"format": "jsonl", "language": "en", "bytes": len(body)})
    files.put(made, "index.json", {"source": source, "rows": 3, "chunks": 1})
    return made


def decide(batch, table, dynamodb, predictions=None):
    """Decide the batch's only chunk, and return its result by row."""
    files = BatchFiles(boto3.client("s3"), DATA)
    stored = predictions or PredictionTable(dynamodb, TABLE)
    parts = (load(), Silent(), stored, BatchErasures(table), lambda _: None)
    end = files.document(batch, "index.json")["source"]["size"]
    chunk = {"number": 0, "first": 1, "start": 0, "end": end}
    decide_chunk({"batchId": batch, "chunk": chunk}, files, Deciding(*parts, review_only=False))
    (result,) = files.results(batch).values()
    rows = [json.loads(line) for line in files.body(result.key).splitlines()]
    assert (result.decided, result.refused) == (
        sum("decision" in one for one in rows),
        sum("errors" in one for one in rows),
    )
    return {CLIENTS[one["row"] - 1]: one for one in rows}


def test_a_row_is_refused_if_its_client_was_erased_after_the_batch_was_asked_for(
    table, dynamodb, batch
):
    erase(table, "ben")
    found = decide(batch, table, dynamodb)

    assert [{*row} for row in (found["ana"], found["eva"])] == [{*found["eva"]}] * 2
    assert found["ana"]["decision"] == "REVIEW"
    assert found["ben"] == {
        "row": 2,
        "reason": "CLIENT_ERASED",
        "errors": [
            {
                "field": "clientId",
                "message": "was erased after the batch was asked for",
                "pointer": "#/clientId",
            }
        ],
    }
    assert of_client(dynamodb, "ben") == []


def test_a_client_whose_erasure_is_open_is_refused_too(table, dynamodb, batch):
    at = BEGUN.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    table.begin("ben", {"at": at, "reason": "CLIENT_REQUEST", "by": {"sub": "s"}})

    assert decide(batch, table, dynamodb)["ben"]["reason"] == "CLIENT_ERASED"
    assert of_client(dynamodb, "ben") == []


def test_a_client_who_was_erased_before_starts_afresh(table, dynamodb, batch):
    erase(table, "ben", made_at(batch) - timedelta(milliseconds=1))

    assert "decision" in decide(batch, table, dynamodb)["ben"]


def test_a_row_that_was_decided_and_erased_is_not_decided_again(table, dynamodb, batch):
    """The chunk's result was never written, so that it is decided again."""
    decide(batch, table, dynamodb)
    for one in BatchFiles(boto3.client("s3"), DATA).results(batch).values():
        boto3.client("s3").delete_object(Bucket=DATA, Key=one.key)
    erase(table, "ben")
    again = decide(batch, table, dynamodb)

    assert again["ben"]["reason"] == "CLIENT_ERASED"
    assert of_client(dynamodb, "ben") == []
    assert len(of_client(dynamodb, "ana")) == 1


def test_what_is_stored_while_a_client_is_erased_is_erased_by_the_hourly_watch(
    table, dynamodb, batch
):
    predictions = PredictionTable(dynamodb, TABLE)
    racing = Interrupted(predictions, "ben", lambda: erase(table, "ben"))
    found = decide(batch, table, dynamodb, racing)
    assert found["ben"]["reason"] == "CLIENT_ERASED"
    assert len(of_client(dynamodb, "ben")) == 1

    def watched(at):
        parts = (load().retention, table, DecisionFiles(boto3.client("s3"), DATA), predictions)
        event = {"watch": at.isoformat()}
        return erasure_sweep.run(event, *parts, Queue(), at)

    assert watched(datetime.now(UTC) + timedelta(minutes=59))["late"] == 0
    assert watched(datetime.now(UTC) + timedelta(minutes=61))["late"] == 1
    assert of_client(dynamodb, "ben") == []
    assert len(of_client(dynamodb, "ana")) == 1
    kept = [one["predictionId"]["S"] for one in of_client(dynamodb, ERASURES)]
    assert not [name for name in kept if name.startswith("late#")]


class Queue:
    def due_before(self, now):
        return iter(())


def test_the_files_at_the_end_name_no_decision_that_was_erased(table, dynamodb, batch):
    decide(batch, table, dynamodb)
    erase(table, "ben")
    files = BatchFiles(boto3.client("s3"), DATA)
    close(batch, files, BatchErasures(table).erased_decisions, datetime.now(UTC))
    summary = files.document(batch, "summary.json")
    stored = [files.body(f"credit/batch/{batch}/{name}s.jsonl") for name in ("decision", "refusal")]
    (refused,) = [json.loads(line) for line in stored[1].splitlines()]

    assert summary["rows"] == {"total": 3, "decided": 2, "refused": 1}
    assert summary["decisions"] == {"REVIEW": 2}
    assert (refused["row"], refused["reason"]) == (2, "CLIENT_ERASED")
    assert prediction_id(batch, 2).encode() not in stored[0] + stored[1]


def test_an_erasure_that_ends_while_the_files_are_written_is_looked_for_again(
    table, dynamodb, batch
):
    decide(batch, table, dynamodb)
    erasures, asked = BatchErasures(table), []

    def erased(beginning):
        asked.append(beginning)
        known = erasures.erased_decisions(beginning)
        if len(asked) == 1:
            erase(table, "eva")
        return known

    files = BatchFiles(boto3.client("s3"), DATA)
    close(batch, files, erased, datetime.now(UTC))

    assert asked == [batch[:12]] * 2
    assert files.document(batch, "summary.json")["rows"]["refused"] == 1


def test_a_result_of_a_chunk_is_not_decided_again(table, dynamodb, batch):
    files = BatchFiles(boto3.client("s3"), DATA)
    files.put_result(batch, 0, ChunkResult("", 0, 0), b"")

    assert decide(batch, table, dynamodb) == {}
    assert of_client(dynamodb, "ana") == []
