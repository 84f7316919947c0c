"""S3's rules: metadata and checksum of an object."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from localcloud.aws_rules.rule import DOCS, Parameters, Rule

METADATA_BYTES = 2048
_PREFIX = "x-amz-meta-"


def _metadata(_parameters: Parameters, request: Any) -> Iterator[str]:
    size = sum(
        len(name[len(_PREFIX) :].encode()) + len(value.encode())
        for name, value in request.headers.items()
        if name.lower().startswith(_PREFIX)
    )
    if size > METADATA_BYTES:
        yield "Your metadata headers exceed the maximum allowed metadata size"


def _checksum(parameters: Parameters, request: Any) -> Iterator[str]:
    """Hold the body against its SHA-256. One in a trailer, or of a part, is not read here."""
    stated = parameters.get("ChecksumSHA256")
    if stated and not request.headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
        body = request.raw_body
        found = hashlib.sha256(body.encode() if isinstance(body, str) else body).digest()
        if b64encode(found).decode() != stated:
            yield "The SHA256 you specified did not match the calculated checksum."


RULES: tuple[Rule, ...] = (
    Rule("metadata of an object", ("s3:PutObject", "s3:CreateMultipartUpload", "s3:CopyObject"),
         _metadata, f"{DOCS}/AmazonS3/latest/userguide/UsingMetadata.html", "MetadataTooLarge"),
    Rule("checksum of an object", ("s3:PutObject",), _checksum,
         f"{DOCS}/AmazonS3/latest/userguide/checking-object-integrity-upload.html", "BadDigest"),
)  # fmt: skip
