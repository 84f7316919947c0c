"""Files of the data bucket with applications of people who may have no loan.

A snapshot has its newest decisions in decisions.parquet, and the report of each challenger has them
in decisions.jsonl, for the swap set. A Lambda function can't rewrite Parquet, so an erasure deletes
all these files; the next collection writes one without the client. A retraining that runs
meanwhile has no swap set.

The results of a batch name rows and decisions, and lead from its caller's file to the records that
stay without an applicant. An erasure deletes the results of the client's batches that have ended.
What a caller sent is deleted when its batch ends, and within 7 days in any case.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from chalicelib.foundation.settings import BATCH_PREFIX, REPORT_PREFIX, SNAPSHOT_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DECISIONS = {SNAPSHOT_PREFIX: "/decisions.parquet", REPORT_PREFIX: "/decisions.jsonl"}


class DecisionFiles:
    """The files, in all their versions."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def delete(self, batches: Iterable[str]) -> int:
        """Delete all versions of the files, and of the results of `batches` that have ended, and
        return how many there were.
        """
        gone = [one for prefix, name in DECISIONS.items() for one in self._versions(prefix, name)]
        gone += [one for batch in batches for one in self._results(batch)]
        for key, version in gone:
            self._s3.delete_object(Bucket=self._bucket, Key=key, VersionId=version)
        return len(gone)

    def _results(self, batch: str) -> list[tuple[str, str]]:
        found = [*self._versions(f"{BATCH_PREFIX}{batch}/", "")]
        has_ended = any(key.endswith("/summary.json") for key, _ in found)
        return [one for one in found if has_ended and one[0].endswith(".jsonl")]

    def _versions(self, prefix: str, name: str) -> Iterator[tuple[str, str]]:
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for page in pages:
            for one in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                if one["Key"].endswith(name):
                    yield one["Key"], one["VersionId"]
