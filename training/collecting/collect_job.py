"""Inputs of the collecting job: the bucket of data, the profile and the job's options."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from training import training_profile
from training.collecting.decision_log import DecisionLog

SNAPSHOTS, NEW_DATA, VERDICTS = "credit/snapshots/", "credit/newData/", "credit/quarantine/"

Facts = dict[str, Any]


class Bucket:
    """Keys and bytes."""

    def __init__(self, s3: Any, name: str) -> None:
        self._s3 = s3
        self._name = name

    def keys(self, prefix: str) -> dict[str, str]:
        """Return the ETag of each key with the prefix."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix)
        return {
            one["Key"]: one["ETag"].strip('"') for page in pages for one in page.get("Contents", [])
        }

    def read(self, key: str) -> bytes:
        body: bytes = self._s3.get_object(Bucket=self._name, Key=key)["Body"].read()
        return body

    def write(self, key: str, body: bytes) -> None:
        self._s3.put_object(Bucket=self._name, Key=key, Body=body)


@dataclass(frozen=True)
class Job:
    version: str
    at: datetime
    bank: training_profile.TrainingProfile
    bucket: Bucket
    log: DecisionLog

    @property
    def as_of(self) -> pd.Timestamp:
        return pd.Timestamp(self.at.astimezone(UTC)).tz_convert(None)
