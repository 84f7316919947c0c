"""Replacement of moto's symbols while an embedded cloud is open. moto is pinned to `MOTO_VERSION`;
tests/contract/test_replaced.py fails when one of the symbols moves.
"""

import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

MOTO_VERSION = "5.2.5"
ABSENT = "moto has no such symbol"


@dataclass(frozen=True)
class Replaced:
    owner: str  # module, or module:Class
    attribute: str
    as_moto_has_it: str  # its parameters; for what is no function, the name of its type
    replacement: Callable[[Any], Any]  # from moto's own (None if absent) to what takes its place
    why: str

    @property
    def holder(self) -> Any:
        module, _, name = self.owner.partition(":")
        holder = importlib.import_module(module)
        return getattr(holder, name) if name else holder

    @property
    def current(self) -> Any:
        return getattr(self.holder, self.attribute, None)


@contextmanager
def install(replaced: Iterable[Replaced]) -> Iterator[None]:
    with ExitStack() as undo:
        for one in replaced:
            _put(one, undo)
        yield


def parameters_of(symbol: Any) -> str:
    """Return the parameters' names as in `Replaced.as_moto_has_it`; types may change freely."""
    if symbol is None or not callable(symbol):
        return type(symbol).__name__
    return f"({', '.join(inspect.signature(symbol).parameters)})"


def _put(one: Replaced, undo: ExitStack) -> None:
    holder, name = one.holder, one.attribute
    own = vars(holder).get(name, ABSENT)  # what is inherited is put back by deleting ours
    ours = one.replacement(getattr(holder, name, None))
    setattr(holder, name, staticmethod(ours) if isinstance(own, staticmethod) else ours)
    if own is ABSENT:
        undo.callback(delattr, holder, name)
    else:
        undo.callback(setattr, holder, name, own)
