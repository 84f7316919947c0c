"""The table as the processing job reads it."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import boto3
import pytest

from chalicelib.decisions.day_index import SHARDS
from tests.training.collected import AT, DAY, TABLE, tell
from training.collecting.decision_log import DecisionLog


def test_the_log_has_what_was_stored_before_the_day_index_had_shards(place, cases):
    client = boto3.client("dynamodb")
    for number in range(1, 9):
        place.decide(cases[0], number, at=f"2026-11-{20 + number % 2}T10:00:00.000Z")
        tell(place, number, "paid", "2026-11-23", AT)
    for item in client.scan(TableName=TABLE)["Items"][::2]:
        client.put_item(TableName=TABLE, Item=item | {"day": {"S": item["day"]["S"][:-3]}})
    log = DecisionLog(boto3.resource("dynamodb").Table(TABLE), "2026-11-30T00:00:00.000Z")

    newest = [one["predictionId"] for one in islice(log.newest({"2026-11": 8}), 6)]
    assert newest == [f"{number:032x}" for number in (7, 5, 3, 1, 8, 6)]
    assert sorted(log.decided("2026-11-21")) == [("2026-11-21", "APPROVE")] * 4
    assert log.decisions_with_outcomes(DAY) == {(f"client-{n}", f"{n:032x}") for n in range(1, 9)}


def test_an_outcome_of_before_midnight_that_the_index_had_not_is_read_on_the_next_day(place, cases):
    place.decide(cases[0], 1, at="2026-11-20T10:00:00.000Z")
    tell(place, 1, "paid", "2026-11-23", datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC))
    log = DecisionLog(boto3.resource("dynamodb").Table(TABLE), "2026-11-30T00:00:00.000Z")

    assert log.decisions_with_outcomes("2026-11-24") == {("client-1", f"{1:032x}")}
    assert log.decisions_with_outcomes("2026-11-25") == set()


class Counted:
    """The table, and how often it was asked for what."""

    def __init__(self):
        self._table, self.asked = boto3.resource("dynamodb").Table(TABLE), Counter()

    def query(self, **asked):
        self.asked["query"] += 1
        return self._table.query(**asked)

    def scan(self, **asked):
        self.asked["scan"] += 1
        return self._table.scan(**asked)


KEYS = SHARDS + 1  # of a day in the index: its shards, and that of before there were any


@pytest.mark.parametrize(("days", "scans"), [(31, 0), (32, 1), (7000, 1)])
def test_after_a_long_gap_a_small_table_is_scanned_and_says_the_same(place, cases, days, scans):
    today = date(2026, 11, 30)
    since, before = (str(today - timedelta(days=ago)) for ago in (days - 1, days))
    for number, day in enumerate((before, since, since, "2026-11-29"), start=1):
        place.decide(cases[0], number, at=f"{day}T10:00:00.000Z")
        told_at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
        tell(place, number, "paid", day, told_at)
    table = Counted()
    log = DecisionLog(table, f"{today}T00:00:00.000Z")

    assert sorted(day for day, _ in log.decided(since)) == [since, since, "2026-11-29"]
    assert table.asked == ({"scan": 1} if scans else {"query": KEYS * days})
    after = str(date.fromisoformat(since) + timedelta(days=1))
    assert {of for _, of in log.decisions_with_outcomes(after)} == {
        f"{number:032x}" for number in (2, 3, 4)
    }


def test_a_table_with_more_items_than_the_index_has_keys_is_read_by_the_index(place, cases):
    gap = 32
    with boto3.resource("dynamodb").Table(TABLE).batch_writer() as older:
        for number in range(KEYS * gap):
            older.put_item({"clientId": "older", "predictionId": f"{number:032x}"})
    place.decide(cases[0], 999, at="2026-11-29T10:00:00.000Z")
    table = Counted()
    log = DecisionLog(table, "2026-11-30T00:00:00.000Z")

    assert [*log.decided("2026-10-30")] == [("2026-11-29", "APPROVE")]
    assert table.asked["query"] == KEYS * gap


def test_the_newest_of_a_small_table_are_asked_for_by_the_keys_that_have_any(place, cases):
    for number in range(1, 9):
        place.decide(cases[0], number, at=f"2026-{10 + number % 2}-{20 + number % 3}T10:00:00.000Z")
    tell(place, 1, "paid", "2026-11-22", AT)
    of_few, of_all = Counted(), Counted()
    until = "2026-11-30T00:00:00.000Z"

    few = [*DecisionLog(of_few, until).newest({"2026-10": 4, "2026-11": 4})]
    each = [*DecisionLog(of_all, until).newest({"2026-10": 4, "2026-11": KEYS * 61 - 4})]
    assert len(few) == 8
    assert few == each
    assert of_all.asked == {"query": KEYS * 61}
    assert of_few.asked["scan"] == 1
    assert of_few.asked["query"] <= 2 * len(few)  # the key of its shard, and that of before shards


def test_of_months_without_decisions_none_are_asked_for(place):
    table = Counted()

    assert [*DecisionLog(table, "2026-11-30T00:00:00.000Z").newest({})] == []
    assert table.asked == {}
