"""Headers that the API adds to each answer."""

import pytest
from chalice.app import Response

from chalicelib.http.response_headers import SECURITY, completed, limits
from chalicelib.profile.tables.api_tables import Limit, Limits

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
    headers = completed(Response("", dict(given)), origin, listed, {}).headers

    assert headers.get("Vary") == varying
    assert ("Access-Control-Allow-Origin" in headers) == (origin in listed)


def test_an_answers_own_policy_stays():
    answer = completed(Response("", {"Content-Security-Policy": "own"}), "", (), {"L": "1"})

    assert answer.headers == SECURITY | {"Content-Security-Policy": "own", "L": "1"}


@pytest.mark.parametrize(
    ("keyed", "shown"), [(True, '"key";q=7;w=1, "route";q=9;w=1'), (False, '"route";q=9;w=1')]
)
def test_limits_are_items_of_structured_fields(keyed, shown):
    """As draft-ietf-httpapi-ratelimit-headers-11 has them: a string, its quota and its seconds."""
    of_stage = Limits(key=Limit(rate=7, burst=20), route=Limit(rate=9, burst=20))

    assert limits(of_stage, keyed=keyed) == {"RateLimit-Policy": shown}
