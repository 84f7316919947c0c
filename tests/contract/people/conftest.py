"""A bank without models, with a key for each scope."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from bank.api import serving_api
from bank.bank import Bank, open_bank
from chalicelib.people.access import Scope

EVERY_KEY = "the-key-of-every-scope"
SCOPED = {scope: f"the-key-of-{scope}" for scope in Scope}
PLACES = {"{clientId}": "ana", "{predictionId}": "0" * 32}


@dataclass(frozen=True)
class Door:
    """The API of a bank, for requests by route."""

    bank: Bank
    url: str

    def ask(self, method: str, route: str, **headers: str) -> requests.Response:
        path = route
        for place, value in PLACES.items():
            path = path.replace(place, value)
        body: dict[str, Any] = {"json": {}} if method == "POST" else {}
        given = {"Accept-Language": "en", **headers}
        return requests.request(method, self.url + path, headers=given, timeout=30, **body)


def kind(answer: requests.Response) -> str:
    """Return the type of a problem; empty for another answer."""
    return str(answer.json().get("type", "")).removeprefix("urn:problem:")


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with open_bank(None) as bank, serving_api(bank, EVERY_KEY, 0, SCOPED) as port:
        yield Door(bank, f"http://127.0.0.1:{port}")
