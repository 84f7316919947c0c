"""Files of the data bucket with applications of people who may have no loan.

A snapshot has its newest decisions in decisions.parquet, and the report of each challenger has them
in decisions.jsonl, for the swap set. A Lambda function can't rewrite Parquet, so an erasure deletes
all these files; the next collection writes one without the client. A retraining that runs
meanwhile has no swap set.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.foundation.settings import REPORT_PREFIX, SNAPSHOT_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DECISIONS = {SNAPSHOT_PREFIX: "/decisions.parquet", REPORT_PREFIX: "/decisions.jsonl"}


class DecisionFiles:
    """The files, in all their versions."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def delete(self) -> int:
        """Delete all versions of the files, and return how many there were."""
        gone = [one for prefix, name in DECISIONS.items() for one in self._versions(prefix, name)]
        for key, version in gone:
            self._s3.delete_object(Bucket=self._bucket, Key=key, VersionId=version)
        return len(gone)

    def _versions(self, prefix: str, name: str) -> Iterator[tuple[str, str]]:
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for page in pages:
            for one in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                if one["Key"].endswith(name):
                    yield one["Key"], one["VersionId"]
