"""The table as the processing job reads it."""

from datetime import UTC, datetime
from itertools import islice

import boto3
from collected import AT, DAY, TABLE, tell
from decision_log import DecisionLog


def test_the_log_has_what_was_stored_before_the_day_index_had_shards(place, cases):
    client = boto3.client("dynamodb")
    for number in range(1, 9):
        place.decide(cases[0], number, at=f"2026-11-{20 + number % 2}T10:00:00.000Z")
        tell(place, number, "paid", "2026-11-23", AT)
    for item in client.scan(TableName=TABLE)["Items"][::2]:
        client.put_item(TableName=TABLE, Item=item | {"day": {"S": item["day"]["S"][:-3]}})
    log = DecisionLog(boto3.resource("dynamodb").Table(TABLE), "2026-11-30T00:00:00.000Z")

    newest = [one["predictionId"] for one in islice(log.newest(["2026-11"]), 6)]
    assert newest == [f"{number:032x}" for number in (7, 5, 3, 1, 8, 6)]
    assert sorted(log.decided("2026-11-21")) == [("2026-11-21", "APPROVE")] * 4
    assert log.told(DAY) == {(f"client-{n}", f"{n:032x}") for n in range(1, 9)}


def test_an_outcome_of_before_midnight_that_the_index_had_not_is_read_on_the_next_day(place, cases):
    place.decide(cases[0], 1, at="2026-11-20T10:00:00.000Z")
    tell(place, 1, "paid", "2026-11-23", datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC))
    log = DecisionLog(boto3.resource("dynamodb").Table(TABLE), "2026-11-30T00:00:00.000Z")

    assert log.told("2026-11-24") == {("client-1", f"{1:032x}")}
    assert log.told("2026-11-25") == set()
