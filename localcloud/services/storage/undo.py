"""Undo of a request to moto whose write did not reach the disk."""

import copy
from collections.abc import Iterator, MutableMapping
from types import TracebackType
from typing import Any, Self

# Attributes that are not restored: they are large or shared with other objects, and no request that
# `Undo` guards changes them.
_APART = {"items", "keys", "multiparts", "lambda_event_source_mappings"}

Holder = MutableMapping[str, Any]  # moto's objects by name, or lists of them


class Undo:
    """A context that puts moto's memory back when its block raises.

    Objects keep their identity, because threads of jobs and endpoints hold them.
    """

    def __init__(self) -> None:
        self._holders: list[tuple[Holder, dict[str, Any]]] = []
        self._lists: list[tuple[list[Any], list[Any]]] = []
        self._objects: list[tuple[Any, dict[str, Any]]] = []

    def remember(self, holders: list[Holder], named: set[str] | None = None) -> None:
        """Remember which objects the holders have, and the attributes of those in `named`.

        Without `named` the attributes of all objects are remembered. Objects that a request does
        not name may be changed by a thread of their own meanwhile, and are left alone.
        """
        for holder in holders:
            self._holders.append((holder, dict(dict.items(holder))))  # type: ignore[arg-type]
            for key, value in self._holders[-1][1].items():
                if named is None or _is_named(key, named):
                    self._remember_value(value)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if kind:
            self._put_back()

    def _remember_value(self, value: Any) -> None:
        if isinstance(value, list):
            self._lists.append((value, list(value)))
        elif hasattr(value, "__dict__"):
            self._objects.append((value, _copied(value)))

    def _put_back(self) -> None:
        for holder, before in self._holders:
            for key in [key for key in list(holder) if key not in before]:
                del holder[key]
            holder.update(before)
        for changed, as_it_was in self._lists:
            changed[:] = as_it_was
        for one, attributes in self._objects:
            for name in vars(one).keys() - attributes.keys():
                delattr(one, name)
            vars(one).update(attributes)


def strings_in(value: Any) -> Iterator[str]:
    """Yield every text in a request's parameters."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings_in(one)


def _is_named(key: str, named: set[str]) -> bool:
    """Return whether a request names an object by its name or its ARN, whose case may differ."""
    end = f"/{key}".lower()
    return any(text == key or text.lower().endswith(end) for text in named)


def _copied(value: Any) -> dict[str, Any]:
    """Return an object's attributes. Their containers are copied; what they refer to is not."""
    return {
        name: one if name in _APART else _copied_container(one) for name, one in vars(value).items()
    }


def _copied_container(value: Any) -> Any:
    """Return a copy of a container. A set holds objects that refer back, so it is copied alone."""
    if isinstance(value, dict | list):
        return copy.deepcopy(value)
    return set(value) if isinstance(value, set) else value
