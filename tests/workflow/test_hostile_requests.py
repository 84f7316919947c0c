"""Each hostile request of the sheet is answered as the sheet says, and nothing is stored."""

import json

import pytest

from bank.first_run import body_of
from tests.hostile_requests import rows, send
from tests.workflow.conftest import API_KEY

ROWS = rows()


@pytest.fixture(scope="module")
def stored_before(served):
    return served.stored()


def test_the_sheet_has_what_it_should():
    assert len(ROWS) >= 250
    assert len({row["what"] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["what"])
def test_a_hostile_request_is_answered_as_the_sheet_says(served, loans, stored_before, row):
    answer = send(row, served.url, API_KEY, body_of(loans[0]))
    problem = json.loads(answer.body)

    assert (answer.status, problem["type"]) == (row["status"], f"urn:problem:{row['type']}")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert problem["status"] == answer.status
    assert problem["detail"]
    assert served.stored() == stored_before
