"""A bank whose database takes no writes for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bank.first_run import body_of
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
