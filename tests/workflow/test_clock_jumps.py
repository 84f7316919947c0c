"""The clock jumps, hours forward or back: a decision is stored once, and says the same."""

import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

import boto3
import pytest
import time_machine
from boto3.dynamodb.conditions import Key

from bank.first_run import body_of
from tests.aws_calls import answered_by

JUMPS = [timedelta(hours=2), -timedelta(hours=1)]


@pytest.fixture
def asked(served, loans):
    """A client's request under a key, to send again and again."""
    body = {**body_of(loans[3]), "clientId": f"clock-{uuid.uuid4().hex[:12]}"}
    key = uuid.uuid4().hex
    return lambda: served.post(body, **{"Idempotency-Key": key}), body["clientId"]


def jumped(jump):
    return time_machine.travel(datetime.now(UTC) + jump, tick=True)


def stored(served, client):
    table = boto3.resource("dynamodb").Table(served.bank.settings.predictions_table)
    items = table.query(KeyConditionExpression=Key("clientId").eq(client))["Items"]
    return [one["predictionId"] for one in items if "decision" in one]


@pytest.mark.parametrize("jump", JUMPS, ids=["forward", "back"])
def test_a_repeat_after_a_jump_is_the_same_decision(served, asked, jump):
    send, client = asked
    first = send()
    with jumped(jump):
        again = send()

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert stored(served, client) == [first.json()["predictionId"]]


def test_a_repeat_that_a_jump_lets_run_beside_the_first_stores_nothing_more(served, asked):
    """The first request seems to be long over, so its turn is given to the repeat."""
    send, client = asked
    began, goes_on = threading.Event(), threading.Event()
    answers = []

    def wait(call, go):
        if call.operation == "InvokeEndpoint" and not goes_on.is_set():
            began.set()
            goes_on.wait(5)
        return go()

    with answered_by(wait):
        first = threading.Thread(target=lambda: answers.append(send()))
        first.start()
        assert began.wait(10)
        with jumped(timedelta(hours=2)):
            repeat = threading.Thread(target=lambda: answers.append(send()))
            repeat.start()
            time.sleep(0.5)
            goes_on.set()
            first.join()
            repeat.join()

    assert [one.status_code for one in answers] == [200, 200]
    one, other = (answer.json() for answer in answers)
    assert one == other
    assert stored(served, client) == [one["predictionId"]]


@pytest.mark.parametrize("jump", JUMPS, ids=["forward", "back"])
def test_an_outcome_after_a_jump_is_stored_once(served, loans, jump):
    now = datetime.now(UTC)
    # A clock that goes back over midnight has no day that is neither before nor to come.
    later = timedelta(hours=1 if now.hour == 0 else 0)
    with jumped(later):
        decided = served.predict(loans[4])
    place = f"/predictions/{decided['clientId']}/{decided['predictionId']}"
    with jumped(later + jump):
        told = {"outcome": "paid", "when": decided["createdAt"][:10]}
        answers = [served.post(told, f"{place}/outcome") for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert [one["outcome"] for one in served.get(place).json()["outcomes"]] == ["paid"]
