"""A caller who sends more than its limit: the same on one machine and of the deployed API."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from bank.api import own_answers
from chalicelib.profile import load

REQUESTS, AT_ONCE = 100, 4  # five bursts of dev; each at once needs a process of the function
PATH = "/predictions/nobody"
SHOWN = '"key";q=10;w=1, "route";q=15;w=1'


def exceed(url: str, key: str) -> None:
    """Send a key's requests without a pause; assert that some are answered 429, as the gateway
    answers by itself, that all show the limit, and that who waits for Retry-After is answered.
    """

    def ask(_: int = 0) -> requests.Response:
        return requests.get(f"{url}{PATH}", headers={"x-api-key": key}, timeout=60)

    limit = load().api.limits["dev"].key
    with ThreadPoolExecutor(AT_ONCE) as callers:
        answers = [*callers.map(ask, range(REQUESTS))]
    statuses = [one.status_code for one in answers]
    refused = [one for one in answers if one.status_code == 429]
    same = own_answers(load().api, "dev")["THROTTLED"]

    assert {*statuses} == {200, 429}
    assert statuses.count(200) >= limit.burst
    assert {one.headers["RateLimit-Policy"] for one in answers} == {SHOWN}
    for one in refused:
        assert one.content == same.body
        assert dict(same.headers).items() <= dict(one.headers).items()
        assert json.loads(one.content)["type"] == "urn:problem:too-many-requests"
    time.sleep(int(refused[0].headers["Retry-After"]))
    assert ask().status_code == 200
