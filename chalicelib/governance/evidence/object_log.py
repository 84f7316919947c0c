"""Adapter of the objects that are evidence: policies, models, acts on both, reports, endings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from chalicelib.foundation.settings import (
    ENDING_PREFIX,
    MANIFEST_PREFIX,
    MODEL_ACT_PREFIX,
    POLICY_ACT_PREFIX,
    POLICY_DOCUMENT_PREFIX,
    REFUSAL_PREFIX,
    REPORT_PREFIX,
    SIGN_OFF_PREFIX,
    Settings,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DATA, MODELS = "data", "models"
# Of a prefix with more than evidence, `only` says which keys are.
SOURCES = (
    (DATA, POLICY_DOCUMENT_PREFIX, "policy", ""),
    (DATA, POLICY_ACT_PREFIX, "policy-act", ""),
    (DATA, SIGN_OFF_PREFIX, "sign-off", ""),
    (DATA, MODEL_ACT_PREFIX, "model-act", ""),
    (DATA, REPORT_PREFIX, "gate-report", r".*/report\.json"),
    (DATA, f"{REPORT_PREFIX}drift/", "drift-report", ""),
    (MODELS, MANIFEST_PREFIX, "model", ""),
    (MODELS, REFUSAL_PREFIX, "model-refusal", ""),
    (MODELS, ENDING_PREFIX, "deployment", r".*/(in-service|failed)"),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """An object: `id` is its bucket's role and its key, `day` the day on which it was written."""

    id: str
    kind: str
    day: str


class ObjectLog:
    def __init__(self, s3: "S3Client", settings: Settings) -> None:
        self._s3 = s3
        self._buckets = {DATA: settings.data_bucket, MODELS: settings.model_bucket}

    def listed(self) -> Iterator[Listed]:
        """Yield each object."""
        for role, prefix, kind, only in SOURCES:
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._buckets[role], Prefix=prefix
            )
            for page in pages:
                for found in page.get("Contents", []):
                    if re.fullmatch(only or ".*", found["Key"]):
                        day = found["LastModified"].astimezone(UTC).date().isoformat()
                        yield Listed(f"{role}/{found['Key']}", kind, day)

    def read(self, object_id: str) -> bytes:
        role, _, key = object_id.partition("/")
        return self._s3.get_object(Bucket=self._buckets[role], Key=key)["Body"].read()
