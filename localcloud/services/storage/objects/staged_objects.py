"""Staging of S3 writes: moto changes a copy of the bucket's list of objects, what changed is
written to disk, and only then does any reader see it.
"""

import copy
import pickle
from collections.abc import Iterator
from typing import Any

from moto.s3.utils import _VersionedKeyStore

from localcloud.kept_state.sqlite.database import Transaction


class StagedObjects:
    """A backend of S3 that copies a bucket when a request reads it."""

    def __init__(self, backend: Any, *, changes_in_place: bool) -> None:
        self._buckets = _StagedBuckets(backend.buckets, changes_in_place)
        self.backend: Any = object.__new__(type(backend))
        self.backend.__dict__.update(backend.__dict__)
        self.backend.buckets = self._buckets

    def write(self, rows: Transaction) -> None:
        for name, key, versions in self._changed():
            rows.put_object(name, key, pickle.dumps(versions) if versions else None)

    def publish(self) -> None:
        """Replace a bucket's objects. Readers continue with their list; later ones get the new
        one.
        """
        for _, bucket, staged in self._buckets.staged():
            bucket.keys = _VersionedKeyStore(staged.keys)
            for upload in staged.uploads - staged.multiparts.keys():
                del bucket.multiparts[upload]
            for upload in staged.multiparts.keys() - staged.uploads:
                bucket.multiparts[upload] = staged.multiparts[upload]

    def _changed(self) -> Iterator[tuple[str, str, list[Any] | None]]:
        for name, _, staged in self._buckets.staged():
            for key in staged.keys.changed:
                yield name, key, staged.keys.getlist(key)


class _StagedBuckets(dict[str, Any]):
    def __init__(self, buckets: dict[str, Any], changes_in_place: bool) -> None:
        super().__init__(buckets)
        self._changes_in_place = changes_in_place
        self._staged: dict[str, tuple[Any, Any]] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._staged:
            bucket = super().__getitem__(name)
            self._staged[name] = bucket, _copy(bucket, self._changes_in_place)
        return self._staged[name][1]

    def staged(self) -> list[tuple[str, Any, Any]]:
        return [(name, bucket, staged) for name, (bucket, staged) in self._staged.items()]


class _StagedKeys(_VersionedKeyStore):
    """A bucket's objects. Those that it drops are not closed, as the write may still fail."""

    def __init__(self, keys: Any, changes_in_place: bool) -> None:
        super().__init__(keys)
        self.changed: set[str] = set()
        self._changes_in_place = changes_in_place

    def __sgetitem__(self, key: str) -> list[Any]:
        versions: list[Any] = dict.__getitem__(self, key)
        if self._changes_in_place and key not in self.changed:  # an ACL, a lock, tags
            versions = [copy.copy(version) for version in versions]
            self._put(key, versions)
        return versions

    def __setitem__(self, key: str, value: Any) -> None:
        self._put(key, [*dict.get(self, key, []), value])

    def setlist(self, key: str, list_: Any) -> None:
        self._put(key, list(list_))

    def pop(self, key: str) -> None:  # type: ignore[override]
        dict.pop(self, key)
        self.changed.add(key)

    def getlist(self, key: str, default: Any = None) -> Any:
        return self.__sgetitem__(key) if key in self else default

    def __getitem__(self, key: str) -> Any:
        return self.__sgetitem__(key)[-1]

    def _put(self, key: str, versions: list[Any]) -> None:
        dict.__setitem__(self, key, versions)
        self.changed.add(key)


def _copy(bucket: Any, changes_in_place: bool) -> Any:
    staged: Any = object.__new__(type(bucket))
    staged.__dict__.update(bucket.__dict__)
    staged.keys = _StagedKeys(bucket.keys, changes_in_place)
    staged.multiparts = dict(bucket.multiparts)
    staged.uploads = set(staged.multiparts)
    return staged
