"""Examples of requests and answers, which `make api-examples` records from real loans."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chalicelib.foundation.errors import Problem
from chalicelib.profile import Profile

PLACE = Path(__file__).with_name("examples.json")
REF = "#/components/examples/{name}"
PENDING, PENDING_BY_PERSON = "pending", "pendingByPerson"
PARTS = ("request", "answer", "csv", PENDING, PENDING_BY_PERSON)

Document = dict[str, Any]


def schemas(profile: Profile) -> dict[str, str]:
    """Return the hash of each model's inputs."""
    return {name: profile.schema(name) for name in profile.models}


class Examples:
    """The recorded examples; none if they are of another profile, whose applications differ."""

    def __init__(self, profile: Profile) -> None:
        found: Document = json.loads(PLACE.read_text(encoding="utf-8"))
        same = found["schemas"] == schemas(profile)
        self._operations: Mapping[str, Document] = found["operations"] if same else {}
        self._problems: Mapping[str, Document] = found["problems"] if same else {}

    def components(self, problems: Iterable[type[Problem]]) -> Document:
        """Return each example by its name: of operations, and of these problems."""
        return dict(self._of_operations()) | {
            one.__name__: {"value": self._problems.get(one.uri()) or _usual(one)}
            for one in problems
        }

    def of(self, operation: str, part: str) -> Document:
        """Return the `examples` of a request or an answer of an operation, if there are any."""
        if part not in self._operations.get(operation, {}):
            return {}
        return {"examples": {operation: {"$ref": REF.format(name=f"{operation}.{part}")}}}

    def pending(self, *, by_person: bool) -> Document:
        """Return the `examples` of an analysis that goes on, which are alike for all operations."""
        return self.of("predict", PENDING_BY_PERSON if by_person else PENDING)

    def of_problems(self, operation: str, problems: Iterable[type[Problem]]) -> Document:
        """Return the `examples` of a status: of this operation's own faults, else of any."""
        own = self._operations.get(operation, {}).get("problems", {})
        found = {
            one.__name__: {"value": own[one.uri()]}
            if one.uri() in own
            else {"$ref": REF.format(name=one.__name__)}
            for one in problems
        }
        return {"examples": found}

    def _of_operations(self) -> Iterator[tuple[str, Document]]:
        for name, one in self._operations.items():
            line = {"summary": one["line"]} if "line" in one else {}
            for part in PARTS:
                if part in one:
                    shown = line if part in ("request", "answer") else {}
                    yield f"{name}.{part}", shown | {"value": one[part]}


def _usual(problem: type[Problem]) -> Document:
    """Return a problem's body with its usual detail, as it is answered in English."""
    return {
        "type": problem.uri(),
        "title": problem.title.en,
        "status": problem.status,
        "detail": problem.usual.en,
    }
