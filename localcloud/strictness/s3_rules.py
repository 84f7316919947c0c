"""The rules of S3 that its service model does not state, and S3's codes for what the model does."""

import re
from collections.abc import Iterator
from typing import Any

from botocore.model import StructureShape

from localcloud.aws_rules.rule import Parameters, Rule
from localcloud.strictness.service_models.constraints import Broken

_S3 = "https://docs.aws.amazon.com/AmazonS3/latest"
_OBJECTS = tuple(
    f"s3:{name}"
    for name in (
        "AbortMultipartUpload", "CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload",
        "DeleteObject", "DeleteObjectTagging", "GetObject", "GetObjectAcl", "GetObjectAttributes",
        "GetObjectTagging", "HeadObject", "ListParts", "PutObject", "PutObjectAcl",
        "PutObjectTagging", "UploadPart", "UploadPartCopy",
    )
)  # fmt: skip

KEY_BYTES = 1024
KEYS_AT_ONCE = 1000
LAST_PART = 10_000
MOST = 2**31 - 1

_NAME = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
_ENDINGS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


def _bucket(parameters: Parameters, _request: Any) -> Iterator[str]:
    name = parameters["Bucket"]
    if not _NAME.fullmatch(name) or name.endswith(_ENDINGS) or _ADDRESS.fullmatch(name):
        yield f"The specified bucket is not valid: {name}"


def _key(parameters: Parameters, _request: Any) -> Iterator[str]:
    size = len(parameters["Key"].encode())
    if size > KEY_BYTES:
        yield f"Your key is too long: it has {size} bytes of {KEY_BYTES}"


def _deleted(parameters: Parameters, _request: Any) -> Iterator[str]:
    keys = len(parameters["Delete"].get("Objects") or [])
    if not 0 < keys <= KEYS_AT_ONCE:
        yield (
            "The XML you provided was not well-formed or did not validate against our published "
            f"schema: it names {keys} keys, and a request deletes 1 to {KEYS_AT_ONCE}"
        )


def _counts(parameters: Parameters, _request: Any) -> Iterator[str]:
    for name in ("MaxKeys", "MaxParts", "MaxUploads"):
        if not 0 <= parameters.get(name, 0) <= MOST:
            argument = name[0].lower() + name[1:]
            yield f"Argument {argument} must be an integer between 0 and {MOST}"


def _part(parameters: Parameters, _request: Any) -> Iterator[str]:
    if not 1 <= parameters["PartNumber"] <= LAST_PART:
        yield f"Part number must be an integer between 1 and {LAST_PART}, inclusive"


RULES: tuple[Rule, ...] = (
    Rule("names of buckets", ("s3:CreateBucket",), _bucket,
         f"{_S3}/userguide/bucketnamingrules.html", "InvalidBucketName"),
    Rule("bytes of a key", _OBJECTS, _key,
         f"{_S3}/userguide/object-keys.html", "KeyTooLongError"),
    Rule("keys that are deleted at once", ("s3:DeleteObjects",), _deleted,
         f"{_S3}/API/API_DeleteObjects.html", "MalformedXML"),
    Rule("what a list may hold",
         tuple(f"s3:{one}" for one in ("ListMultipartUploads", "ListObjects", "ListObjectsV2",
                                       "ListObjectVersions", "ListParts")),
         _counts, f"{_S3}/API/API_ListObjectsV2.html", "InvalidArgument"),
    Rule("numbers of parts", ("s3:UploadPart", "s3:UploadPartCopy"), _part,
         f"{_S3}/userguide/qfacts.html", "InvalidArgument"),
)  # fmt: skip


def code_of(shape: StructureShape | None, broken: Broken) -> str:
    """Return S3's code for what breaks its model: https://docs.aws.amazon.com/AmazonS3/latest/API/
    ErrorResponses.html. A member of the body is MalformedXML, of a header or the query not.
    """
    first = broken.path.partition(".")[0]
    if first == "storageClass":
        return "InvalidStorageClass"
    body = shape.serialization.get("payload", "") if shape else ""
    return "MalformedXML" if first == body[:1].lower() + body[1:] else "InvalidArgument"
