"""What an applicant may read of a stored decision: asked over HTTP, as data and as a page."""

import pytest

from bank.first_run import body_of


@pytest.fixture(scope="module")
def decided(served, loans):
    """A real application whose amount no loan of the register had: a rule sends it to a person."""
    body = body_of(loans[5]) | {"clientId": "explained"}
    body["application"] |= {"amount": 3_000_000, "employees": 40}
    return served.post(body).json()


def explained(served, decided, **headers):
    path = f"/predictions/{decided['clientId']}/{decided['predictionId']}/explanation"
    return served.get(path, **headers)


def test_it_is_data_for_who_asks_for_data(served, decided, loans):
    answer = explained(served, decided, **{"Accept-Language": "en"})
    told = answer.json()

    assert answer.headers["Cache-Control"] == "no-store"
    assert (told["decision"], told["automated"]) == ("REVIEW", False)
    assert told["reasons"][0] == {
        "rule": "LARGE_LOAN", "text": "A person decides on amounts above 1,000,000 USD.",
    }  # fmt: skip
    data = {one["feature"]: one["value"] for one in told["data"]}
    assert data["amount"] == 3_000_000
    assert data["sector"] == loans[5]["application"]["naics"][:2]


def test_it_is_a_page_for_a_browser(served, decided):
    answer = explained(served, decided, Accept="text/html,application/xhtml+xml")

    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Una persona del banco decide sobre la solicitud." in answer.text


def test_what_was_never_decided_has_none(served, decided):
    answer = explained(served, decided | {"predictionId": "0" * 32})

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
