"""Headers that the API adds to each answer."""

import pytest
from chalice.app import Response

from chalicelib.http.response_headers import SECURITY, completed

OWN, OTHER = "https://console.bank.example", "https://elsewhere.example"


@pytest.mark.parametrize(
    ("given", "listed", "varying"),
    [
        ({}, (), None),
        ({}, (OWN,), "Origin"),
        ({"Vary": "Accept-Encoding"}, (), "Accept-Encoding"),
        ({"Vary": "Accept-Encoding"}, (OWN,), "Accept-Encoding, Origin"),
    ],
)
@pytest.mark.parametrize("origin", [OWN, OTHER, ""])
def test_vary_names_all_that_an_answer_depends_on(given, listed, varying, origin):
    headers = completed(Response("", dict(given)), origin, listed).headers

    assert headers.get("Vary") == varying
    assert ("Access-Control-Allow-Origin" in headers) == (origin in listed)


def test_an_answers_own_policy_stays():
    answer = completed(Response("", {"Content-Security-Policy": "own"}), "", ())

    assert answer.headers == SECURITY | {"Content-Security-Policy": "own"}
