"""`make run` holds the stage's limits, and every answer shows them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from bank.api import serving_api
from chalicelib.people.access import Scope
from tests.exceeding import exceed
from tests.workflow.conftest import API_KEY


def test_who_exceeds_the_limit_waits_for_retry_after_and_is_answered(served):
    with serving_api(served.bank, API_KEY, 0, limited=True) as port:
        exceed(f"http://127.0.0.1:{port}", API_KEY)


def test_a_key_that_exceeds_its_limit_does_not_shut_out_another(served):
    other, path = "another-key-of-the-scope-reading", "/predictions/nobody"
    with serving_api(served.bank, API_KEY, 0, {Scope.READING: other}, limited=True) as port:
        url = f"http://127.0.0.1:{port}{path}"

        def ask(key):
            return requests.get(url, headers={"x-api-key": key}, timeout=30)

        with ThreadPoolExecutor(4) as callers:  # until the key has nothing left
            refused = [*callers.map(lambda _: ask(API_KEY), range(40))]
        allowed = ask(other)

    assert 429 in {one.status_code for one in refused}
    assert allowed.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "shown"),
    [
        ("GET", "/models", 200, '"key";q=10;w=1, "route";q=15;w=1'),
        ("GET", "/predictions/no/way", 404, '"key";q=10;w=1, "route";q=15;w=1'),
        ("GET", "/health", 200, '"route";q=15;w=1'),
        ("GET", "/openapi.json", 200, '"route";q=15;w=1'),
        ("OPTIONS", "/predict", 204, '"route";q=15;w=1'),
        ("GET", "/people/models", 401, None),  # the gateway's own, which knows no key
        ("GET", "/nowhere", 404, None),
    ],
)
def test_every_answer_of_the_function_shows_the_limits_of_its_route(
    served, method, path, status, shown
):
    headers = {"x-api-key": API_KEY}
    found = requests.request(method, f"{served.url}{path}", headers=headers, timeout=30)

    assert (found.status_code, found.headers.get("RateLimit-Policy")) == (status, shown)
