"""Adapter of the data bucket for batches.

Under credit/uploads/<batch>/ is what the caller sent, until the batch ends. Under
credit/batch/<batch>/ are the request, the index of its chunks, a result for each chunk, and at the
end the decisions, the refused rows and the summary. They name rows, and no client.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.decisions.intake.batches.row_reading import Form
from chalicelib.foundation.settings import BATCH_PREFIX, UPLOAD_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Document = dict[str, Any]

REQUEST, INDEX, CHUNKS, SUMMARY = "request.json", "index.json", "chunks.json", "summary.json"
DECISIONS, REFUSALS = "decisions.jsonl", "refusals.jsonl"
# By the job that reads Parquet.
CONVERTED, COLUMNS = "converted/rows.jsonl", "converted/columns.json"
UNREADABLE = "converted/unreadable.json"
RESULT = re.compile(r"results/([0-9]{6})-([0-9]+)-([0-9]+)\.jsonl")
MEDIA_TYPES: Mapping[Form, str] = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
}
UPLOAD_SECONDS, DOWNLOAD_SECONDS = 3600, 900
BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """One version of a file: a later upload does not change what is being decided."""

    key: str
    version: str
    size: int


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """The result of a chunk, by its name."""

    key: str
    decided: int
    refused: int


class BatchFiles:
    """The bucket. Every write may be repeated."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def names(self, batch: str) -> list[str]:
        """Return the names of a batch's objects, sorted."""
        place = f"{BATCH_PREFIX}{batch}/"
        return [one["Key"].removeprefix(place) for one in self._under(place)]

    def put(self, batch: str, name: str, document: Any) -> None:
        self.put_bytes(batch, name, json.dumps(document).encode())

    def put_bytes(self, batch: str, name: str, body: bytes) -> None:
        key = f"{BATCH_PREFIX}{batch}/{name}"
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=body)

    def document(self, batch: str, name: str) -> Document:
        """Return an object that exists."""
        found: Document = json.loads(self.body(f"{BATCH_PREFIX}{batch}/{name}"))
        return found

    def body(self, key: str) -> bytes:
        return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def uploaded(self, batch: str, name: str) -> Any:
        """Return a document under a batch's uploads, or None."""
        source = self.source(batch, name)
        return json.loads(self.body(source.key)) if source else None

    def is_uploaded(self, batch: str, form: Form) -> bool:
        return any(one["Key"] == upload_key(batch, form) for one in self._uploads(batch))

    def source(self, batch: str, name: str) -> Source | None:
        """Return the newest version of a file under a batch's uploads."""
        key = f"{UPLOAD_PREFIX}{batch}/{name}"
        if not any(one["Key"] == key for one in self._uploads(batch)):
            return None
        found = self._s3.head_object(Bucket=self._bucket, Key=key)
        return Source(key, found["VersionId"], found["ContentLength"])

    def blocks(self, source: Source) -> Iterator[bytes]:
        """Yield a file from its beginning to its end, a piece at a time."""
        found = self._s3.get_object(Bucket=self._bucket, Key=source.key, VersionId=source.version)
        yield from found["Body"].iter_chunks(BLOCK_BYTES)

    def part(self, source: Source, start: int, end: int) -> bytes:
        """Return the bytes from `start` to before `end`."""
        found = self._s3.get_object(
            Bucket=self._bucket,
            Key=source.key,
            VersionId=source.version,
            Range=f"bytes={start}-{end - 1}",
        )
        return found["Body"].read()

    def results(self, batch: str) -> dict[int, ChunkResult]:
        """Return the result of each chunk that is decided, by its number."""
        return results_among(batch, self.names(batch))

    def has_result(self, batch: str, chunk: int) -> bool:
        place = f"{BATCH_PREFIX}{batch}/results/{chunk:06}-"
        return any(True for _ in self._under(place))

    def put_result(self, batch: str, chunk: int, found: ChunkResult, body: bytes) -> None:
        name = f"results/{chunk:06}-{found.decided}-{found.refused}.jsonl"
        self.put_bytes(batch, name, body)

    def delete_uploads(self, batch: str) -> None:
        """Delete what the caller sent, in all its versions."""
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=f"{UPLOAD_PREFIX}{batch}/"
        )
        for page in pages:
            for one in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                key, version = one["Key"], one["VersionId"]
                self._s3.delete_object(Bucket=self._bucket, Key=key, VersionId=version)

    def upload(self, batch: str, form: Form, size: int) -> Document:
        """Return where a file of exactly this size and form may be put, and by which request."""
        kind = MEDIA_TYPES[form]
        target = {"Bucket": self._bucket, "Key": upload_key(batch, form)}
        url = self._s3.generate_presigned_url(
            "put_object",
            Params={**target, "ContentType": kind, "ContentLength": size},
            ExpiresIn=UPLOAD_SECONDS,
        )
        headers = {"Content-Type": kind, "Content-Length": str(size)}
        return {"method": "PUT", "url": url, "headers": headers}

    def download_url(self, batch: str, name: str) -> str:
        target = {"Bucket": self._bucket, "Key": f"{BATCH_PREFIX}{batch}/{name}"}
        return self._s3.generate_presigned_url(
            "get_object", Params=target, ExpiresIn=DOWNLOAD_SECONDS
        )

    def _uploads(self, batch: str) -> Iterator[Any]:
        return self._under(f"{UPLOAD_PREFIX}{batch}/")

    def _under(self, prefix: str) -> Iterator[Any]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for page in pages:
            yield from page.get("Contents", [])


def upload_key(batch: str, form: Form) -> str:
    return f"{UPLOAD_PREFIX}{batch}/rows.{form}"


def results_among(batch: str, names: list[str]) -> dict[int, ChunkResult]:
    """Return the results among the names of a batch's objects. Of a chunk that was decided twice
    at the same time the first counts: both tell of the same stored decisions.
    """
    found: dict[int, ChunkResult] = {}
    for name in names:
        if match := RESULT.fullmatch(name):
            number, decided, refused = map(int, match.groups())
            found.setdefault(number, ChunkResult(f"{BATCH_PREFIX}{batch}/{name}", decided, refused))
    return found
