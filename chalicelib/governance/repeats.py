"""Repeats of acts: a person whose answer was lost asks for the same again. Pure."""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Act(Protocol):
    """An act of a person. `asked` has who asks for what, without id, time and result."""

    @property
    def asked(self) -> tuple[object, ...]: ...


Kind = TypeVar("Kind", bound=Act)


def first_of(act: Kind, earlier: Iterable[Kind]) -> Kind | None:
    """Return the one of `earlier` that `act` repeats, or None."""
    return next((one for one in earlier if one.asked == act.asked), None)
