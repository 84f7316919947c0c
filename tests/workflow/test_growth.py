"""Growth: 1,000 decisions a second, with the sizes of real ones, against DynamoDB's limits."""

import json
import math
import random
from collections import Counter

import boto3
import pytest

from bank.first_run import body_of
from chalicelib.decisions.day_index import OUTCOMES, SHARDS, key_of
from tests.workflow.test_outcomes import PAID, tell

TABLE, DAY = "dev-appvengers-PrediccionesCredito", "2026-11-28"
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
PARTITION_WRITES = 1000  # units a second
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
LARGEST_ITEM = 400 * 1024
LARGEST_BODY = 64 * 1024
PER_SECOND, SECONDS = 1000, 30


def item_size(item):
    """Return an item's bytes.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value):
    ((kind, held),) = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "N":  # two digits a byte, and one or two more
        digits = held.lower().partition("e")[0].replace(".", "").strip("-0")
        return math.ceil(len(digits) / 2) + 1 + held.startswith("-")
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + value_size(part) for name, part in held.items())
    if kind == "L":
        return 3 + sum(1 + value_size(part) for part in held)
    assert kind in ("BOOL", "NULL")
    return 1


def write_units(item):
    return math.ceil(item_size(item) / 1024)


def stored_items():
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=TABLE)
    return [item for page in pages for item in page["Items"]]


@pytest.fixture(scope="module")
def real(served, loans):
    """Decisions on real loans, and what was told of some, as they are stored."""
    decided = [served.predict(loan) for loan in loans[:40]]
    for one in [one for one in decided if one["decision"] == "APPROVE"][:5]:
        answer = tell(served, one, PAID)
        assert answer.status_code == 200, answer.text
    ids = {one["predictionId"] for one in decided}
    items = stored_items()
    decisions = [item for item in items if item["predictionId"]["S"] in ids]
    return decisions, [item for item in items if item.get("of", {}).get("S") in ids]


def units_by_key(real, key):
    """Yield, second by second, the write units of each key of the index."""
    chance = random.Random(20261128)
    decisions, outcomes = ([write_units(item) for item in items] for items in real)
    for second in range(SECONDS):
        used = Counter()
        for number in range(PER_SECOND):
            at = 1_795_867_200_000 + 1000 * second + number
            name = f"{at:012x}{chance.getrandbits(80):020x}"  # as analysis.py makes them
            used[key(DAY, name)] += chance.choice(decisions)
            used[key(OUTCOMES + DAY, f"outcome#{name}#")] += chance.choice(outcomes)
        yield used


def test_no_key_of_the_index_takes_more_than_a_partition_at_1000_decisions_a_second(real):
    """And as many outcomes. Half is headroom: keys of a day may share a partition for a while."""
    used = list(units_by_key(real, key_of))
    highest = max(max(second.values()) for second in used)

    assert highest <= PARTITION_WRITES / 2, "a partition takes 1,000 write units a second"
    assert len(used[0]) == 2 * SHARDS
    assert highest < 1.6 * sum(used[0].values()) / SHARDS  # chance alone, no shard is preferred


def test_a_day_under_one_key_would_be_throttled_at_a_quarter_of_that(real):
    """What the shards are for; this figure is in docs/operations.md."""
    whole_days = units_by_key(real, lambda day, name: day)

    assert all(second[DAY] > 3.5 * PARTITION_WRITES for second in whole_days)


def test_the_largest_body_becomes_an_item_far_below_dynamodbs_limit(served, loans, real):
    """A value is stored once, whatever the models say of it; nothing else grows with the body."""
    body, longest = body_of(loans[0]), "\U0001f600" * 80  # as long as the profile allows
    body["application"]["lender"] = longest
    answer = served.post(body).json()
    (item,) = [i for i in stored_items() if i["predictionId"]["S"] == answer["predictionId"]]
    assert json.dumps(item, ensure_ascii=False).count(longest) == 1

    rest = max(item_size(one) - value_size(one["application"]) for one in [item, *real[0]])
    assert rest < 8 * 1024
    assert LARGEST_BODY + rest < LARGEST_ITEM / 5
