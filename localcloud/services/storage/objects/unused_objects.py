"""Objects of S3 that nothing uses any more: memory keeps no body of them, and no list copies one.

moto copies all objects of a bucket, bodies included, for each list of versions, and remembers each
copy for ever.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any
from weakref import ref

from moto.s3.models import FakeKey

_NO_BODY = BytesIO()  # moto takes the body of a closed one for empty, as that of a deleted object
_NO_BODY.close()


class _Living:
    """Objects that are used somewhere, in place of moto's list: it closes their files when it ends.

    Threads may make objects meanwhile, which a WeakSet does not take.
    """

    def __init__(self, objects: Iterable[Any]) -> None:
        self._found: set[ref[Any]] = set()
        for one in objects:
            self.append(one)

    def append(self, one: Any) -> None:
        self._found.add(ref(one, self._found.discard))

    def __iter__(self) -> Iterator[Any]:
        return (one for found in self._found.copy() if (one := found()) is not None)


def remembered_while_used(original: Callable[..., Any]) -> Any:
    """Replace moto's BaseModel.__new__."""

    def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
        if not hasattr(cls, "dispose"):  # an item, a copy of one
            return object.__new__(cls)
        if not isinstance(cls.instances_tracked, _Living):
            cls.instances_tracked = _Living(cls.instances_tracked)
        return original(cls, *args, **kwargs)

    return new


def closed_when_unused(original: Any) -> Any:
    """Replace moto's FakeKey.__del__, which warns of each object that moto did not close itself."""

    def closed(self: Any) -> None:
        if body := vars(self).get("_value_buffer"):
            body.close()

    return closed


def marked_without_body(original: Any) -> Any:
    """Replace moto's FakeDeleteMarker.__init__: a marker outlives the version that it hides."""

    def init(self: Any, key: Any) -> None:
        original(self, _without_body(key))

    return init


def versions_without_bodies(original: Any) -> Any:
    """Replace moto's S3Backend.list_object_versions."""

    def list_object_versions(
        self: Any, bucket_name: str, *, key_marker: str | None = None, prefix: str = "", **more: Any
    ) -> Any:
        shown = copy.copy(self.get_bucket(bucket_name))
        # moto looks for its markers in all keys, and without one only at those of the prefix
        shown.keys = _Versions(shown.keys, "" if key_marker else prefix)
        backend: Any = object.__new__(type(self))
        backend.__dict__.update(self.__dict__, get_bucket=lambda _name: shown)
        return original(backend, bucket_name, key_marker=key_marker, prefix=prefix, **more)

    return list_object_versions


class _Versions:
    """A bucket's objects, as moto lists their versions: it copies what it gets."""

    def __init__(self, keys: Any, prefix: str) -> None:
        self._keys = keys
        self._prefix = prefix

    def iterlists(self) -> Any:
        return (
            (key, _CopiedWithoutBodies(versions))
            for key, versions in self._keys.iterlists()
            if key.startswith(self._prefix)
        )


class _CopiedWithoutBodies(list[Any]):
    def __deepcopy__(self, memo: Any) -> list[Any]:
        return [_without_body(version) for version in self]


def _without_body(version: Any) -> Any:
    """Return a version, or a delete marker, with all that is known of it but its body."""
    shown: Any = object.__new__(type(version))
    vars(shown).update(vars(version))
    if isinstance(version, FakeKey):
        vars(shown).update(_etag=version.etag.strip('"'), _value_buffer=_NO_BODY, multipart=None)
        shown.disposed = True
    return shown
