"""S3's rules: metadata of an object."""

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


RULES: tuple[Rule, ...] = (
    Rule("metadata of an object", ("s3:PutObject", "s3:CreateMultipartUpload", "s3:CopyObject"),
         _metadata, f"{DOCS}/AmazonS3/latest/userguide/UsingMetadata.html", "MetadataTooLarge"),
)  # fmt: skip
