"""Object Lock, as far as moto has none: a lock gets stronger, and weaker only by a bypass.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.s3.exceptions import AccessDeniedByLock, InvalidBucketState

BYPASS = "x-amz-bypass-governance-retention"
Lock = tuple[str | None, str | None]  # mode, and until when


def never_weaker(original: Any) -> Callable[[Any], Any]:
    """Replace moto's S3Response.put_object_retention, which takes any lock in place of another."""

    def put_object_retention(self: Any) -> Any:
        name, version = self.parse_key_name(), self._get_param("versionId")
        key = self.backend.get_object(self.bucket_name, name, version_id=version)
        bypass = self.headers.get(BYPASS, "").lower() == "true"
        if key and key.is_locked(governance_bypass=bypass):
            wanted = self._mode_until_from_body()
            if _is_weaker(wanted, (key.lock_mode, key.lock_until)):
                raise AccessDeniedByLock
        return original(self)

    return put_object_retention


def always_versioned(original: Any) -> Callable[..., Any]:
    """Replace moto's S3Backend.put_bucket_versioning, which suspends that of a locked bucket."""

    def put_bucket_versioning(self: Any, bucket_name: str, status: str) -> None:
        if self.get_bucket(bucket_name).object_lock_enabled and status != "Enabled":
            raise InvalidBucketState(
                "An Object Lock configuration is present on this bucket, so the versioning state "
                "cannot be changed."
            )
        original(self, bucket_name, status)

    return put_bucket_versioning


def _is_weaker(wanted: Lock, held: Lock) -> bool:
    """Return whether a lock ends earlier, or leaves COMPLIANCE mode."""
    if not wanted[0] or not wanted[1] or (held[0] == "COMPLIANCE" != wanted[0]):
        return True
    return _time(wanted[1]) < _time(str(held[1]))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
