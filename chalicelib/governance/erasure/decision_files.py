"""Files of the data bucket with applications of people who may have no loan.

A snapshot has its newest decisions in decisions.parquet, for the swap set. A Lambda function can't
rewrite Parquet, so an erasure deletes the file of every snapshot; the next collection writes one
without the client. A retraining whose file is gone has no swap set of it.
"""

from typing import TYPE_CHECKING

from chalicelib.foundation.settings import SNAPSHOT_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DECISIONS = "/decisions.parquet"


class DecisionFiles:
    """The files, in all their versions."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def delete(self) -> int:
        """Delete all versions of the files, and return how many there were."""
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=SNAPSHOT_PREFIX
        )
        gone = [
            (one["Key"], one["VersionId"])
            for page in pages
            for one in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
            if one["Key"].endswith(DECISIONS)
        ]
        for key, version in gone:
            self._s3.delete_object(Bucket=self._bucket, Key=key, VersionId=version)
        return len(gone)
