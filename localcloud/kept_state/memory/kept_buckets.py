"""Buckets that were made by a request, with their configuration and without their objects."""

from typing import Any

from moto.s3.models import MultipartDict, s3_backends
from moto.s3.utils import _VersionedKeyStore

_CONTENTS = ("keys", "multiparts")


def recorded(backend: Any, of_template: set[str]) -> dict[str, dict[str, Any]]:
    """Return the attributes of each bucket that the template does not have, by name."""
    return {
        name: {key: value for key, value in vars(bucket).items() if key not in _CONTENTS}
        for name, bucket in list(backend.buckets.items())
        if name not in of_template
    }


def restore(records: dict[str, dict[str, Any]], backend: Any, region: str) -> None:
    """Create the buckets, empty, as they were. A bucket that the template has by now is its own."""
    for name, attributes in records.items():
        if name in backend.buckets or name in s3_backends.bucket_accounts:
            continue
        bucket = backend.create_bucket(name, region)
        vars(bucket).update(attributes, keys=_VersionedKeyStore(), multiparts=MultipartDict())
