"""`training/` as SageMaker takes it: sourcedir.tar.gz, the same bytes for the same files."""

import gzip
import hashlib
import tarfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.settings import SOURCE_KEY, Settings
from infrastructure.project import ROOT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = ROOT / "training"


def put(s3: "S3Client", settings: Settings) -> None:
    """Upload the source to the key that jobs read; an existing one stays."""
    body, bucket = pack(), settings.data_bucket
    there = s3.list_objects_v2(Bucket=bucket, Prefix=SOURCE_KEY).get("Contents", [])
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    if digest not in [one["ETag"].strip('"') for one in there]:
        s3.put_object(Bucket=bucket, Key=SOURCE_KEY, Body=body)


def pack(folder: Path = FOLDER) -> bytes:
    """Pack the scripts and their requirements, without data sets and their readers."""
    packed = BytesIO()
    files = [path for path in sorted(folder.iterdir()) if path.suffix in (".py", ".txt")]
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        for path in files:
            member = tarfile.TarInfo(path.name)
            content = path.read_bytes()
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    return packed.getvalue()
