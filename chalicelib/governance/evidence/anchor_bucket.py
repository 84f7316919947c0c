"""Adapter of the evidence bucket, whose versions S3 locks. It only adds anchors.

A version is deleted by nobody while it is locked, but a later one may lie above it. So the oldest
version of a key is the anchor.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.foundation.added_object import THERE_ALREADY
from chalicelib.governance.evidence import chain

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Stored:
    """A day's anchor: its oldest version, and how many versions and deletion markers lie above."""

    day: str
    version: str
    above: int


class AnchorBucket:
    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    @cached_property
    def stored(self) -> dict[str, Stored]:
        """Return the anchors by day, the earliest first."""
        versions: dict[str, list[str]] = {}
        markers: dict[str, int] = {}
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=chain.PREFIX
        )
        for page in pages:
            for marker in page.get("DeleteMarkers", []):
                markers[marker["Key"]] = markers.get(marker["Key"], 0) + 1
            for version in page.get("Versions", []):  # of a key, the newest first
                versions.setdefault(version["Key"], []).append(version["VersionId"])
        return {
            day: Stored(day, found[-1], len(found) - 1 + markers.get(key, 0))
            for key, found in sorted(versions.items())
            if (day := key.removeprefix(chain.PREFIX).removesuffix(".json"))
        }

    def read(self, day: str) -> bytes:
        version = self.stored[day].version
        found = self._s3.get_object(Bucket=self._bucket, Key=chain.key(day), VersionId=version)
        return found["Body"].read()

    def lock(self, day: str) -> tuple[str, str]:
        """Return the mode and the end of an anchor's lock; both are empty without one."""
        version = self.stored[day].version
        found = self._s3.head_object(Bucket=self._bucket, Key=chain.key(day), VersionId=version)
        until = found.get("ObjectLockRetainUntilDate")
        return found.get("ObjectLockMode", ""), until.isoformat() if until else ""

    def add(self, day: str, body: bytes) -> bool:
        """Store an anchor unless the day has one. Return whether this call did."""
        try:
            answer = self._s3.put_object(
                Bucket=self._bucket,
                Key=chain.key(day),
                Body=body,
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in THERE_ALREADY:
                raise
            return False
        self.stored[day] = Stored(day, answer["VersionId"], 0)
        return True
