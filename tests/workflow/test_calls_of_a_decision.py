"""The AWS calls on the warm path of each function that a decision passes, and of its readers.

docs/aws-simulation.md counts with them: a call more is latency and money at every decision.
"""

from collections import defaultdict
from datetime import UTC, datetime

import pytest

from bank.first_run import body_of
from infrastructure.account.aws_path.assumed_times import values
from tests.aws_calls import recorded

PREFIX = "appvengers-dev-"
DECISION = {
    "api_handler": ["stepfunctions:StartSyncExecution"],
    "Tradicional": ["sagemaker-runtime:InvokeEndpoint"],
    "NetworkingAccelerator": ["sagemaker-runtime:InvokeEndpoint"],
    "AppVengersAccelerator": ["sagemaker-runtime:InvokeEndpoint"],
    "saveResult": ["dynamodb:PutItem"],
    "publishEvents": ["events:PutEvents"],
}
# A claim of the key, which is refused while an erasure is under way.
KEYED = ["s3:ListObjectsV2", "dynamodb:PutItem", "stepfunctions:StartSyncExecution"]
READERS = {
    "": ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Query"],
    "/explanation": ["dynamodb:GetItem", "dynamodb:Query"],
    "/change": ["dynamodb:GetItem", *["sagemaker-runtime:InvokeEndpoint"] * 3],
}


def by_function(calls):
    found = defaultdict(list)
    for one in calls:
        found[one.function.removeprefix(PREFIX)].append(one.name)
    return dict(found)


@pytest.fixture(scope="module")
def decided(served, loans):
    """A decision; after it, what functions keep for a while has been read."""
    answer = served.predict(loans[0])
    served.bank.cloud.idle(30)
    return answer


def test_a_decision_makes_one_call_a_function(served, loans, decided):
    with recorded() as calls:
        served.predict(loans[1])
        served.bank.cloud.idle(30)

    assert by_function(calls) == DECISION


def test_the_simulation_counts_the_calls_that_are_made(served, loans, decided):
    with recorded() as calls:
        served.predict(loans[1])
    made = by_function(calls)

    functions = ("api_handler", "AppVengersAccelerator", "saveResult")
    assert values("work").calls == [len(made[name]) for name in functions]


def test_an_idempotency_key_costs_two_calls_more(served, loans, decided):
    key = f"counted-{datetime.now(UTC):%H%M%S%f}"
    with recorded() as calls:
        served.post(body_of(loans[2]), **{"Idempotency-Key": key})

    assert by_function(calls)["api_handler"] == KEYED


@pytest.mark.parametrize("path", READERS)
def test_a_stored_decision_is_read_by_few_calls(served, decided, path):
    with recorded() as calls:
        place = f"/predictions/{decided['clientId']}/{decided['predictionId']}{path}"
        assert served.get(place).status_code == 200

    assert by_function(calls)["api_handler"] == READERS[path]


def test_an_outcome_is_stored_by_one_write(served, decided):
    today = datetime.now(UTC).date().isoformat()
    place = f"/predictions/{decided['clientId']}/{decided['predictionId']}/outcome"
    with recorded() as calls:
        told = served.post({"outcome": "paid", "when": today}, place)

    assert told.status_code == 200, told.text
    names = by_function(calls)["api_handler"]
    assert [name for name in names if "Put" in name or "Write" in name] == names[-1:]
    assert len(names) <= 4, names


def test_health_asks_nothing(served, decided):
    with recorded() as calls:
        assert served.get("/health").status_code == 200

    assert calls == []
