"""A bank whose database takes no writes for a while, or has a damaged item."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from bank.first_run import body_of
from localcloud.kept_state.sqlite.reading_pool import forget_doubt, has_doubt
from tests.drills.faults import locked
from tests.workflow.conftest import Served


@pytest.fixture
def folder(served: Served) -> Path:
    found = served.bank.function_logs.folder
    assert found
    return found.parent


@contextmanager
def no_writes(folder: Path) -> Iterator[None]:
    with locked(folder / "cloud.sqlite"):
        yield


@contextmanager
def wrong_letter(database: Path, prediction: str) -> Iterator[None]:
    """Inside, an item's text is not as it was written."""
    swap = "update items set item = replace(item, ?, ?) where instr(key, ?)"
    with sqlite3.connect(database) as db:
        db.execute(swap, ["clientId", "clientIe", prediction])
    yield
    with sqlite3.connect(database) as db:
        db.execute(swap, ["clientIe", "clientId", prediction])
    forget_doubt(database)


def test_what_cannot_be_stored_is_a_problem_and_its_key_decides_once(served, loans, folder):
    before, key = served.stored(), {"Idempotency-Key": "during-a-lock"}
    english = {"Accept-Language": "en"}
    decided = served.predict(loans[0])
    path = f"/predictions/{decided['clientId']}/{decided['predictionId']}"
    with no_writes(folder):
        plain = served.post(body_of(loans[1]), **english)
        keyed = served.post(body_of(loans[1]), **key, **english)
        still = served.get(path)

    for response in (plain, keyed):
        assert response.status_code == 503
        assert response.headers["Content-Type"] == "application/problem+json"
    assert "not known whether the decision was stored, so none was given" in plain.json()["detail"]
    assert "a repeat is harmless" in keyed.json()["detail"]
    assert {name: still.json()[name] for name in decided} == decided
    assert served.stored() == before + 1
    first, again = (served.post(body_of(loans[1]), **key) for _ in range(2))
    assert (first.status_code, first.json()) == (200, again.json())


def test_a_damaged_item_is_a_table_that_does_not_answer_and_leaves_a_doubt(served, loans, folder):
    """As AWS's DynamoDB with a fault of its own: 500 to the function, which answers 503."""
    decided = served.predict(loans[2])
    path = f"/predictions/{decided['clientId']}/{decided['predictionId']}"
    database = folder / "cloud.sqlite"

    with wrong_letter(database, decided["predictionId"]):
        damaged = served.get(path, **{"Accept-Language": "en"})
        with pytest.raises(ClientError, match="InternalServerError.*does not give what was stored"):
            boto3.resource("dynamodb").Table(served.bank.settings.predictions_table).get_item(
                Key={name: decided[name] for name in ("clientId", "predictionId")}
            )
        assert has_doubt(database)

    assert (damaged.status_code, damaged.json()["title"]) == (
        503, "The table of predictions is not available",
    )  # fmt: skip
    assert served.get(path).status_code == 200
