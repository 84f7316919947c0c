"""Adapter of the data bucket: snapshots, files of outcomes, profiles, the output of jobs."""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.foundation.errors import NoSnapshot
from chalicelib.foundation.settings import (
    JOB_PREFIX,
    NEW_DATA_PREFIX,
    PROFILE_PREFIX,
    QUARANTINE_PREFIX,
    SNAPSHOT_PREFIX,
    TOLD_PREFIX,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

COLLECTED = re.compile(r"[0-9]{8}T[0-9]{6}")


class DataBucket:
    """The bucket, for the functions of a retraining."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self.name = bucket

    def newest_snapshot(self) -> str:
        """Return the name of the newest whole snapshot. Raises NoSnapshot.

        Collected snapshots are named by their time, and count as newer than those uploaded by
        hand.
        """
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=SNAPSHOT_PREFIX, Delimiter="/"
        )
        found = [part["Prefix"] for page in pages for part in page.get("CommonPrefixes", [])]
        names = [prefix.removeprefix(SNAPSHOT_PREFIX).rstrip("/") for prefix in found]
        names.sort(key=lambda name: (bool(COLLECTED.fullmatch(name)), name), reverse=True)
        for name in names:
            if self.has_snapshot(name):
                return name
        raise NoSnapshot(
            f"There is no snapshot: put one under s3://{self.name}/{SNAPSHOT_PREFIX}<name>/."
        )

    def has_snapshot(self, name: str) -> bool:
        """Return whether a snapshot is whole: its manifest is written last."""
        place = f"{SNAPSHOT_PREFIX}{name}/"
        files = {one["Key"].removeprefix(place) for one in self._under(place)}
        if COLLECTED.fullmatch(name):
            return "manifest.json" in files
        return any(file.endswith((".parquet", ".csv")) for file in files)

    def manifest(self, snapshot: str) -> dict[str, Any]:
        """Return a snapshot's manifest; of one uploaded by hand, its upload time as `asOf`."""
        place = f"{SNAPSHOT_PREFIX}{snapshot}/"
        there = {one["Key"]: one["LastModified"] for one in self._under(place)}
        if f"{place}manifest.json" not in there:
            last = max(there.values()).astimezone(UTC)
            return {"asOf": last.isoformat().replace("+00:00", "Z")}
        response = self._s3.get_object(Bucket=self.name, Key=f"{place}manifest.json")
        found: dict[str, Any] = json.loads(response["Body"].read())
        return found

    def new_files(self) -> dict[str, str]:
        """Return the keys and ETags of files with outcomes and with decisions on held ones."""
        found = [*self._under(NEW_DATA_PREFIX), *self._under(QUARANTINE_PREFIX)]
        return {o["Key"]: o["ETag"].strip('"') for o in found if not o["Key"].endswith("/")}

    def keep_profile(self, path: Path) -> str:
        """Store the profile and return the prefix under which training finds it."""
        body = path.read_bytes()
        prefix = f"{PROFILE_PREFIX}{hashlib.sha256(body).hexdigest()[:16]}/"
        self._s3.put_object(Bucket=self.name, Key=f"{prefix}credit.toml", Body=body)
        return prefix

    def days_since_training(self, now: datetime) -> float:
        """Return the days since the last artifact of a training job; since 1970 without any."""
        ended = [
            found["LastModified"]
            for found in self._under(f"{JOB_PREFIX}/")
            if found["Key"].endswith("/model.tar.gz")
        ]
        return (now - max(ended, default=datetime.fromtimestamp(0, UTC))) / timedelta(days=1)

    def trainings_told(self) -> set[str]:
        """Return the names of the jobs whose end has a notice."""
        return {found["Key"].removeprefix(TOLD_PREFIX) for found in self._under(TOLD_PREFIX)}

    def training_told(self, job: str) -> None:
        self._s3.put_object(Bucket=self.name, Key=f"{TOLD_PREFIX}{job}", Body=b"")

    def _under(self, prefix: str) -> "Iterator[ObjectTypeDef]":
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return (found for page in pages for found in page.get("Contents", []))
