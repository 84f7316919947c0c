"""Faults of one AWS call of a function: it fails, comes late, is garbage, or is throttled.

Each stands for what is left after boto3's own repeats: the function sees it.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.aws_calls import Asked, answered_by
from tests.drills.jobs.faulty_answers import KINDS, Go


@dataclass(frozen=True)
class Place:
    """The nth call of an operation by a function, in one run of a flow."""

    call: str
    number: int

    def __str__(self) -> str:
        return self.call if self.number == 1 else f"{self.call}, no. {self.number}"


def call_of(asked: Asked) -> str:
    """Return a call's name: its function and its operation."""
    return f"{asked.function.rpartition('-')[2]} {asked.operation}"


class Fault:
    """A fault of the call at a place, once; of none without a place. All calls are listed."""

    def __init__(self, fault: Callable[[Asked, Go], Any], place: Place | None) -> None:
        self.seen: list[Place] = []
        self.done: list[str] = []  # with an answer that arrived
        self.hit = False
        self.place = place
        self._fault = fault
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()

    def __call__(self, asked: Asked, go: Go) -> Any:
        name = call_of(asked)
        with self._counting:
            self._counts[name] += 1
            place = Place(name, self._counts[name])
            self.seen.append(place)
            is_it = self.is_at(place)
            self.hit |= is_it
        answer = self._fault(asked, go) if is_it else go()
        self.done.append(name)
        return answer

    def is_at(self, place: Place) -> bool:
        """Return whether the call at this place has the fault."""
        return place == self.place


@contextmanager
def fault_of(kind: str, place: Place | None) -> Iterator[Fault]:
    """Inside, the call at the place has the fault."""
    fault = Fault(KINDS[kind], place)
    with answered_by(fault):
        yield fault
