"""Requests to a served bank, and the example that each one leaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from bank.api_examples.shortening import first_lines, shortened
from chalicelib.foundation.errors import Problem
from chalicelib.http.csv_page import CSV_TYPE
from chalicelib.http.openapi.operations import OPERATIONS
from chalicelib.people.access import PEOPLE, access_to

SECONDS = 60  # of one request
BY_NAME = {one.name: one for one in OPERATIONS}

Place = Mapping[str, str]  # the names in an operation's path


class NoExample(Exception):
    """A request was not answered as its example needs, or an operation was left out."""


@dataclass(frozen=True)
class Recording:
    """The API at a URL, as a key of every scope and people call it, and the examples so far.

    `tokens` has a person of each role by the role's name.
    """

    url: str
    key: str
    tokens: Mapping[str, str]
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: dict[str, Any] = field(default_factory=dict)

    def send(
        self, line: str, body: Any = None, by: str | None = None, **headers: str
    ) -> requests.Response:
        """Send a request, `GET /models` and the like, with the key, or by a person."""
        method, _, path = line.partition(" ")
        prefix, sender = ("", {"x-api-key": self.key})
        if by:
            prefix, sender = PEOPLE, {"Authorization": f"Bearer {self.tokens[by]}"}
        sent = {"Accept-Language": "en"} | sender | headers
        url = f"{self.url}{prefix}{path}"
        return requests.request(method, url, json=body, headers=sent, timeout=SECONDS)

    def ask(
        self, name: str, at: Place | None = None, body: Any = None, by: str = "", query: str = ""
    ) -> Any:
        """Keep an operation's request and answer, and return the answer. Raises NoExample."""
        line, caller = self._line(name, at or {}, query), by or usual_caller(name)
        answer = self.send(line, body, caller)
        if answer.status_code != 200:
            raise NoExample(f"{name}: {line} answered {answer.status_code}: {answer.text}")
        kept = {"line": line, "answer": shortened(answer.json())}
        self.of(name).update(kept if body is None else kept | {"request": body})
        return answer.json()

    def ask_for_csv(self, name: str, at: Place, query: str) -> None:
        """Keep a page of a list as CSV."""
        page = self.send(self._line(name, at, query), Accept=CSV_TYPE)
        self.of(name)["csv"] = first_lines(page.content.decode())

    def keep_fault(self, name: str, at: Place, body: Any = None, query: str = "") -> None:
        """Keep the answer to a request that is not valid, with its errors. Raises NoExample."""
        line = self._line(name, at, query)
        answer = self.send(line, body, usual_caller(name))
        if answer.status_code != 400:
            raise NoExample(f"{name}: {line} answered {answer.status_code}, not 400: {answer.text}")
        problem = answer.json()
        self.of(name).setdefault("problems", {})[problem["type"]] = shortened(problem)

    def keep_problem(self, kind: type[Problem], answer: requests.Response) -> None:
        """Keep a problem for all operations that may answer it. Raises NoExample."""
        problem = answer.json()
        if problem.get("type") != kind.uri():
            raise NoExample(f"{answer.request.method} {answer.url} is no {kind.uri()}: {problem}")
        self.problems[kind.uri()] = shortened(problem)

    def of(self, name: str) -> dict[str, Any]:
        return self.operations.setdefault(name, {})

    def require_all(self, with_body: set[str]) -> None:
        """Raise NoExample if an operation has no answer, or one of these no request."""
        for one in OPERATIONS:
            needed = ("answer", "request") if one.name in with_body else ("answer",)
            if missing := [part for part in needed if part not in self.of(one.name)]:
                raise NoExample(
                    f"{one.name} ({one.method} {one.path}) has no example of its "
                    f"{' and '.join(missing)}: ask for it in bank/api_examples/example_requests.py."
                )

    def _line(self, name: str, at: Place, query: str) -> str:
        operation = BY_NAME[name]
        return f"{operation.method} {operation.path.format_map(at)}{query}"


def usual_caller(name: str) -> str | None:
    """Return the role of a person who may call an operation; None for a key."""
    row = access_to(BY_NAME[name].method, BY_NAME[name].path)
    return None if row.scopes else str(min(row.roles))
