"""Records, cases and files of the stack end by themselves, at the times of the profile."""

import time

import boto3
import pytest

from chalicelib.decisions.predictions import PredictionTable
from chalicelib.foundation.dynamodb_items import from_item
from chalicelib.governance.reviews.review_queue import ReviewQueue
from infrastructure.deploy.steps.stack import deploy
from localcloud.embedded_cloud import embedded_cloud

TABLE, QUEUE = "dev-appvengers-PrediccionesCredito", "dev-appvengers-Revisiones"
KEY = {"clientId": "ana", "predictionId": "0a"}
DECISION = KEY | {"createdAt": "2026-11-24T09:30:00.000Z", "decision": "REVIEW"}
CLOSED = "2026-11-24T00:00:00.000Z"
DAY = 86_400


@pytest.fixture(scope="module")
def client():
    with embedded_cloud(None):
        deploy(boto3.client("cloudformation"), "appvengers", "dev")
        yield boto3.client("dynamodb")


def stored(client, table):
    return [from_item(item) for item in client.scan(TableName=table)["Items"]]


def test_every_record_of_a_decision_has_an_end_that_no_reader_sees(client):
    table, before = PredictionTable(client, TABLE, 10), int(time.time())
    shown = [
        table.add(DECISION),
        table.add_act("ana", "0a", 0, {"at": CLOSED}),
        table.add_outcome("ana", "0a#1", {"of": "0a", "outcome": "paid", "toldAt": CLOSED}),
        table.claim("ana", "k", {"claimedId": "0a"}),
    ]
    after = int(time.time())

    assert not any("expiresAt" in one for one in [*shown, table.get("ana", "0a")])
    ends = [item["expiresAt"] for item in stored(client, TABLE)]
    assert len(ends) == 4
    assert all(before + 10 * DAY <= end <= after + 10 * DAY + 1 for end in ends)


def test_a_claim_of_a_key_and_a_mark_end_after_a_day(client):
    table, before = PredictionTable(client, TABLE, 10), int(time.time())
    table.claim("day", "k", {"claimedId": "0a"}, 1)
    table.mark("day", "0a", {"claimedId": "0a"}, 1)
    after = int(time.time())
    ends = [item["expiresAt"] for item in stored(client, TABLE) if item["clientId"] == "day"]

    assert len(ends) == 2
    assert all(before + DAY <= end <= after + DAY + 1 for end in ends)


def test_a_closed_case_has_an_end_and_an_open_one_has_none(client):
    queue = ReviewQueue(client, QUEUE, 3)
    case = KEY | {"kind": "REVIEW", "openedAt": CLOSED, "dueAt": CLOSED}
    queue.open(case)
    assert "expiresAt" not in stored(client, QUEUE)[0]
    queue.close(case, CLOSED)
    assert stored(client, QUEUE)[0]["expiresAt"] == 1_795_478_400 + 3 * DAY  # 2026-11-24
    queue.open(case | {"kind": "CONTEST"})
    assert "expiresAt" not in stored(client, QUEUE)[0]


def test_without_days_nothing_ends(client):
    PredictionTable(client, TABLE).add(DECISION | {"predictionId": "0b"})
    queue, case = ReviewQueue(client, QUEUE), KEY | {"clientId": "eva", "kind": "REVIEW"}
    queue.open(case | {"openedAt": CLOSED, "dueAt": CLOSED})
    queue.close(case, CLOSED)

    assert "expiresAt" not in next(i for i in stored(client, TABLE) if i["predictionId"] == "0b")
    assert "expiresAt" not in next(i for i in stored(client, QUEUE) if i["clientId"] == "eva")


@pytest.mark.parametrize("table", [TABLE, QUEUE])
def test_the_tables_delete_by_that_attribute(client, table):
    life = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]

    assert life == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}


def test_files_of_batches_end_after_90_days(client):
    lifecycle = boto3.client("s3").get_bucket_lifecycle_configuration(Bucket="dev-appvengers-data")
    (rule,) = [one for one in lifecycle["Rules"] if one["Filter"].get("Prefix") == "credit/batch/"]

    assert (rule["Status"], rule["Expiration"]["Days"]) == ("Enabled", 90)
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 7
